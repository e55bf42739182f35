# SPDX-License-Identifier: Apache-2.0
#
# Completes qanat on bash: commands, options, pipeline files, stages.
#
# Options are taken from each command's own --help, and stages from `qanat stages`, so that there is no list here to
# forget. Works with and without the bash-completion package.

# The words that complete $1: by lines, so that names with spaces stay whole.
_qanat_words() {
  local IFS=$'\n'
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# Folders, and files that match the pattern $1 (all if it is empty).
_qanat_files() {
  local path
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do
    COMPREPLY+=("$path")
  done < <(compgen -d -- "$cur"; if [ -n "$1" ]; then compgen -f -X "!$1" -- "$cur"; else compgen -f -- "$cur"; fi)
}

_qanat_options() {
  "$program" "$command" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u
}

# The commands that plugins bring.
_qanat_brought() {
  "$program" --help 2>/dev/null | awk '/^commands that plugins bring:/ { told = 1; next } told && NF == 1 { print $1 }'
}

_qanat_stages() {
  "$program" stages 2>/dev/null | awk 'NR > 1 { print $1 }'
}

# Says whether an option takes a value, which then is not an argument of the command.
_qanat_takes_value() {
  case "$1" in
    -o | --output | -j | --jobs | --limit | --line | --set | --plugins | --summary-json | --now | --cache | --cache-size) return 0 ;;
    --lexicon | --format | --timings | --dead-letters | --dead-letters-limit | --file | --state | --pipeline | --stage | --slug | --gold | --filter | --config | --seed | --check | --out | --reproduce | --rows | --parts | --lang | --role | --call | --license) return 0 ;;
    --control | --control-token | --traces | --trace-ratio | --interval | --drain | --journal-documents | --journal-size | --log) return 0 ;;
  esac
  return 1
}

_qanat() {
  local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} word n_arguments=0
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    _qanat_words $'run\nserve\ntop\ncheck\ngraph\nstages\ntest\ntest-stage\ntrace\nnew\ndeadletter\njournal\nview\nhelp\nversion\n--help\n--version\n'"$(_qanat_brought)"
    return
  fi
  for ((word = 2; word < COMP_CWORD; word++)); do
    if _qanat_takes_value "${COMP_WORDS[word]}"; then
      word=$((word + 1))
    elif [[ ${COMP_WORDS[word]} != -* ]]; then
      n_arguments=$((n_arguments + 1))
    fi
  done
  case "$previous" in
    --plugins) _qanat_files '/'; return ;;
    -o | --output | --lexicon | --summary-json | --timings | --dead-letters | --file) _qanat_files ''; return ;;
    --config | --reproduce) _qanat_files '*.json'; return ;;
    --out) _qanat_files '/'; return ;;
    --state | --gold | --cache) _qanat_files '/'; return ;;
    --control-token) _qanat_files ''; return ;;
    --log) _qanat_words $'error\nwarning\ninfo\ndebug\njson'; return ;;
    --format) _qanat_words $'svg\ndot\nmermaid'; return ;;
    --lang) _qanat_words $'c\nc++\nrust\nlua'; return ;;
    --role) _qanat_words $'source\ntransform\nsink'; return ;;
    --call) _qanat_words $'one\nbatch\nasync\nsync'; return ;;
    --license) _qanat_words $'MIT\nApache-2.0'; return ;;
    -j | --jobs | --limit | --line | --set | --now | --dead-letters-limit | --pipeline | --stage | --slug | --filter | --seed | --check | --cache-size | --control | --traces | --trace-ratio | --interval | --drain | --journal-documents | --journal-size) return ;;
  esac
  case "$command:$cur" in
    help:*) _qanat_words $'run\nserve\ntop\ncheck\ngraph\nstages\ntest\ntest-stage\ntrace\nnew\ndeadletter\njournal\nview\n'"$(_qanat_brought)" ;;
    run:-* | serve:-* | top:-* | check:-* | graph:-* | stages:-* | test:-* | test-stage:-* | trace:-* | new:-* | deadletter:-* | journal:-* | view:-* | lexicon:-*) _qanat_words "$(_qanat_options)" ;;
    run:*) if [ "$n_arguments" -eq 0 ]; then _qanat_files '*.json'; else _qanat_files ''; fi ;;
    check:* | serve:*) _qanat_files '*.json' ;;
    test:*) _qanat_files '*.test.json' ;;
    test-stage:*) [ "$n_arguments" -gt 0 ] || _qanat_files '*.so' ;;
    graph:*) [ "$n_arguments" -gt 0 ] || _qanat_files '*.json' ;;
    journal:*) [ "$n_arguments" -gt 0 ] || _qanat_words $'status\nverify\nexport' ;;
    deadletter:*)
      if [ "$n_arguments" -eq 0 ]; then
        _qanat_words $'list\nshow\nexport\npurge\nretry'
      elif [ "${COMP_WORDS[2]}" = retry ] && [ "$n_arguments" -eq 1 ]; then
        _qanat_files '*.json'
      fi
      ;;
    lexicon:*)
      if [ "$n_arguments" -eq 0 ]; then
        _qanat_words $'build\nlookup\nstats'
      elif [ "${COMP_WORDS[2]}" = build ]; then
        _qanat_files '*.tsv'
      fi
      ;;
    trace:*) if [ "$n_arguments" -eq 0 ]; then _qanat_files '*.json'; else _qanat_files ''; fi ;;
    new:*) [ "$n_arguments" -gt 0 ] || _qanat_words stage ;;
    view:*) [ "$n_arguments" -gt 0 ] || _qanat_files '' ;;
    stages:*) [ "$n_arguments" -gt 0 ] || _qanat_words "$(_qanat_stages)" ;;
  esac
}

complete -F _qanat qanat
