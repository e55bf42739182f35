/* SPDX-License-Identifier: Apache-2.0 */

/* The table of rules. */
#include "conformance/rule.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char file[] = "a-plugin-is-one-file", manifest[] = "the-manifest", rows[] = "views-spans-layers",
                  outcomes[] = "outcomes", life[] = "lifetime-and-threads", change[] = "what-may-change",
                  legal[] = "legal-combinations";

static const rule rules[RULE_N] = {
  [RULE_FILE_SHARED] = { "QN-FILE-01", "A plugin is an ELF shared object for this machine", "link it with `-shared`",
                         file },
  [RULE_FILE_EXPORTS] = { "QN-FILE-02", "It exports qn_plugin_v1 and nothing else",
                          "compile with `-fvisibility=hidden` and link with the version script of `plugin.map`", file },
  [RULE_FILE_TEXT_RELOCATIONS] = { "QN-FILE-03", "It has no text relocations",
                                   "compile every part with `-fPIC` and link with `-Wl,-z,text`", file },
  [RULE_FILE_STATIC_TLS] = { "QN-FILE-04", "It needs no static thread-local storage (DF_STATIC_TLS)",
                             "compile without `-ftls-model=initial-exec` or local-exec: such room is scarce in a "
                             "process "
                             "that loads plugins",
                             file },
  [RULE_FILE_SYMBOLS] = { "QN-FILE-05", "Every symbol it lacks is in a library that it names",
                          "link with `-Wl,-z,defs` and the libraries that are missing", file },
  [RULE_FILE_LINKS_QANAT] = { "QN-FILE-06", "It links nothing of Qanat",
                              "every service comes in the host table; take libqanat out of the link line", file },
  [RULE_FILE_STACK] = { "QN-FILE-07", "It asks for no executable stack",
                        "add `.section .note.GNU-stack` to assembler files, or link with `-Wl,-z,noexecstack`", file },
  [RULE_FILE_LOADS] = { "QN-FILE-08", "It can be loaded, and is found to have qn_plugin_v1",
                        "install the libraries it names; define `const qn_plugin qn_plugin_v1`", file },
  [RULE_MANIFEST_THERE] = { "QN-MANIFEST-01", "It carries its manifest as an ELF note",
                            "compile what `qanat-manifest` writes into it", manifest },
  [RULE_MANIFEST_FORM] = { "QN-MANIFEST-02", "Its manifest is well-formed", "mend what is named and build again",
                           manifest },
  [RULE_MANIFEST_ABI] = { "QN-MANIFEST-03", "Its manifest asks for an ABI that this host has",
                          "build against the header of that ABI, or use a newer host", change },
  [RULE_MANIFEST_DATA] = { "QN-MANIFEST-04", "Every data file of its manifest is installed with it",
                           "install it into the folder of the plugin's name beside the plugin", manifest },
  [RULE_MANIFEST_SAME] = { "QN-MANIFEST-05",
                           "qn_plugin_v1 has the stages of the manifest, each with the table of its role",
                           "name every stage in both, and give the functions its role and call form need", manifest },
  [RULE_MANIFEST_OPENS] = { "QN-MANIFEST-06", "It opens only data files that its manifest lists",
                            "list the file under \"data\", or make it a configuration value of type \"file\"",
                            manifest },
  [RULE_RUN_CRASH] = { "QN-RUN-01", "It does not crash", "run the reproducer under a debugger or AddressSanitizer",
                       life },
  [RULE_RUN_HANG] = { "QN-RUN-02", "It returns in time",
                      "bound every loop by the length of its input; --limit gives a slow stage more time", life },
  [RULE_RUN_EXIT] = { "QN-RUN-03", "It does not end the process", "return a status; never call exit or abort", life },
  [RULE_RUN_SANITIZER] = { "QN-RUN-04", "A sanitizer finds no fault in it", "read the report, and run the reproducer",
                           life },
  [RULE_CONFIG_REFUSED] = { "QN-CONFIG-01", "What its config schema forbids is refused, with a reason that can be read",
                            "mend the schema", manifest },
  [RULE_CONFIG_TAKEN] = { "QN-CONFIG-02", "create takes every configuration that the schema allows, or says why not",
                          "call create_fail with a sentence, or say the limit in the schema", manifest },
  [RULE_CONFIG_DECLARED] = { "QN-CONFIG-03", "It asks only for configuration that its schema has",
                             "add the key to the schema, or mend the pointer", manifest },
  [RULE_HOST_OLDER] = { "QN-HOST-01",
                        "It works, or refuses with a reason, where the host has no optional powers and no newer "
                        "functions",
                        "take NULL from extension() for an answer", change },
  [RULE_HOST_NEWER] = { "QN-HOST-02", "It works the same with a host whose tables are longer",
                        "never compare a table's size for equality; use QN_HAS", change },
  [RULE_CALL_ALLOWED] = { "QN-HOST-03", "It calls host functions only where their rules allow it",
                          "see the function's comment in qanat/stage.h for its role and place", legal },
  [RULE_LIFE_NULL] = { "QN-LIFE-01", "destroy and context_close accept NULL", "begin them with a test for NULL", life },
  [RULE_LIFE_MEMORY] = { "QN-LIFE-02", "It gives back all memory of the host by the end of destroy",
                         "release what alloc and resize gave", life },
  [RULE_LIFE_GROWTH] = { "QN-LIFE-03", "Creating and destroying it again and again keeps no memory",
                         "free in destroy what create made, and in context_close what context_open made", life },
  [RULE_LIFE_DESCRIPTORS] = { "QN-LIFE-04", "Creating and destroying it keeps no descriptor open",
                              "close what create opened", life },
  [RULE_LIFE_THREADS] = { "QN-LIFE-05", "Creating and destroying it leaves no thread behind",
                          "join every thread in destroy", life },
  [RULE_LIFE_CREATE_FAILS] = { "QN-LIFE-06", "create that runs out of memory fails cleanly and leaves nothing",
                               "test every allocation, and free on the way out what was made", life },
  [RULE_LIFE_PROCESS_FAILS] = { "QN-LIFE-07",
                                "Running out of memory costs one document, which is told, and nothing after it",
                                "test every allocation, and return RETRY or REJECT with a message", life },
  [RULE_LIFE_HOST_FAILS] = { "QN-LIFE-08", "A host function that fails is not ignored",
                             "look at what reserve, commit, set and edit return, and fail the document", outcomes },
  [RULE_SAY_WHY] = { "QN-SAY-01", "RETRY, REJECT and FATAL come with a message", "return what fail() returns",
                     outcomes },
  [RULE_SAY_CREATE] = { "QN-SAY-02", "create that fails says why", "return what create_fail() returns", life },
  [RULE_SAY_SLUG] = { "QN-SAY-03", "A slug is a short constant name: a-z, 0-9 and -, at most 48 bytes",
                      "use a literal such as \"bad-encoding\"", outcomes },
  [RULE_SAY_TEXT] = { "QN-SAY-04", "A message is one line of UTF-8", "quote nothing of a document without repairing it",
                      outcomes },
  [RULE_SAY_LOG] = { "QN-SAY-05", "A line for the log is UTF-8 without a newline, of at most 4 KiB",
                     "log one line a call", outcomes },
  [RULE_STATUS_ALLOWED] = { "QN-STATUS-01", "It returns only statuses that its role and call form allow",
                            "see the table of outcomes", outcomes },
  [RULE_STATUS_FATAL] = { "QN-STATUS-02", "No document makes a stage FATAL",
                          "return REJECT: FATAL stops the pipeline for all documents", outcomes },
  [RULE_STATUS_SAID] = { "QN-STATUS-03", "What fail() is told is what is returned", "`return host->fail(...)`",
                         outcomes },
  [RULE_LAYER_BOUNDS] = { "QN-LAYER-01", "Spans lie inside the view, begin before end", "clip them to the view's len",
                          rows },
  [RULE_LAYER_CODE_POINTS] = { "QN-LAYER-02", "Spans begin and end between code points",
                               "step by code points, not by bytes", rows },
  [RULE_LAYER_ORDER] = { "QN-LAYER-03", "Rows are sorted by begin, then longest first", "sort them before commit",
                         rows },
  [RULE_LAYER_BREAKS] = { "QN-LAYER-04", "No span reaches across a break of the view",
                          "end spans at the view's breaks, or say \"crosses_breaks\" in the layer's schema", rows },
  [RULE_LAYER_CELLS] = { "QN-LAYER-05", "Refs, symbols and strings of a row are inside what they point into",
                         "use QN_NO_ROW for what is absent, and heap_base + offset for strings", rows },
  [RULE_LAYER_DECLARED] = { "QN-LAYER-06", "It reads and builds only layers that its manifest declares so",
                            "declare the layer under reads, may_read, provides or modifies", manifest },
  [RULE_LAYER_COMMIT] = { "QN-LAYER-07", "It commits what it reserved, at most", "reserve first; commit once a reserve",
                          rows },
  [RULE_LAYER_ROOM] = { "QN-LAYER-08", "It writes only into the room that was lent to it",
                        "look at capacity, heap_capacity and run_capacity", rows },
  [RULE_LAYER_READ_ONLY] = { "QN-LAYER-09", "It does not write to what it reads", "copy what is to be changed", rows },
  [RULE_VIEW_BUILT] = { "QN-VIEW-01", "The view it provides is built in every OK, is UTF-8 without NUL, and aligned",
                        "call view_commit or view_alias once; runs ascend and copies are copies", rows },
  [RULE_VIEW_DECLARED] = { "QN-VIEW-02", "It builds only the view that its manifest provides",
                           "declare it under \"view\".\"provides\"", manifest },
  [RULE_FIELD_WRITES] = { "QN-FIELD-01", "It sets only fields that its manifest writes",
                          "list it under \"fields\".\"writes\"", manifest },
  [RULE_FIELD_READS] = { "QN-FIELD-02", "It reads only fields that its manifest names",
                         "list it under \"fields\".\"reads\"", manifest },
  [RULE_FIELD_VALUE] = { "QN-FIELD-03", "A field's value is of a field's type, and a span of it lies inside the view",
                         "arrays and objects are for configurations", rows },
  [RULE_SAME_AGAIN] = { "QN-SAME-01", "The same document comes out the same when it comes again",
                        "keep no state across documents; take time from now_ms and nothing from chance", life },
  [RULE_SAME_ATTEMPT] = { "QN-SAME-02", "A second attempt gives what the first would have given",
                          "leave nothing behind in the instance or the context when a call fails", life },
  [RULE_SAME_ORDER] = { "QN-SAME-03", "The order of documents makes no difference, unless the stage is ordered",
                        "a context is a cache, never state", life },
  [RULE_SAME_THREADS] = { "QN-SAME-04", "The number of threads makes no difference",
                          "write only to the context; the instance is shared", life },
  [RULE_SAME_INSTANCES] = { "QN-SAME-05", "Another instance of the stage makes no difference",
                            "use no global variables", life },
  [RULE_BATCH_STATUS] = { "QN-BATCH-01", "process_batch sets a status for every item, and for no other",
                          "write ret_statuses[i] for each i below n_calls", outcomes },
  [RULE_BATCH_FALL] = { "QN-BATCH-02", "How documents fall into batches makes no difference",
                        "treat each item as if it came alone", legal },
  [RULE_ASYNC_ONCE] = { "QN-ASYNC-01", "What returned PENDING is completed once, and nothing else is",
                        "complete each ticket once, after taking it with PENDING", outcomes },
  [RULE_ASYNC_ENDS] = { "QN-ASYNC-02", "What returned PENDING is completed in the end",
                        "complete also when the service fails", outcomes },
  [RULE_ASYNC_CANCEL] = { "QN-ASYNC-03", "A cancelled ticket is still completed, and soon",
                          "end what cancel() names and call complete()", outcomes },
  [RULE_SPLIT_ENDS] = { "QN-SPLIT-01", "A splitting stage comes to an end for every document",
                        "return OK or DROP when there is nothing more to emit", outcomes },
  [RULE_SPLIT_CREDIT] = { "QN-SPLIT-02", "The parts of a document are the same, however little credit there is",
                          "keep the part that got -EAGAIN, return MORE, and emit it in the next call", legal },
  [RULE_SOURCE_ORDINALS] = { "QN-SOURCE-01", "Ordinals rise within one source name", "count from 0", outcomes },
  [RULE_SOURCE_EMIT] = { "QN-SOURCE-02",
                         "Documents are emitted by the rules: reserve, fields, commit; names within their bounds",
                         "commit at most what was reserved; source at most 4096 bytes, id 256", outcomes },
  [RULE_SOURCE_STOP] = { "QN-SOURCE-03", "interrupt or stop ends it soon",
                         "look at what emit_reserve returns, and wake what waits", outcomes },
  [RULE_SOURCE_AFTER_STOP] = { "QN-SOURCE-04", "It emits nothing after it was told to stop",
                               "return after -ECANCELED; forget timers and watches in stop", outcomes },
  [RULE_SOURCE_CREDIT] = { "QN-SOURCE-05", "A document that was refused for want of credit is emitted later",
                           "keep it at -EAGAIN, and go on in credit()", outcomes },
  [RULE_SOURCE_AGAIN] = { "QN-SOURCE-06", "Reading the same input again gives the same documents",
                          "sort what folders list; take ids from the input", life },
  [RULE_SINK_STATUS] = { "QN-SINK-01", "write leaves a legal status in every item",
                         "set it to OK, RETRY, REJECT or FATAL", outcomes },
  [RULE_SINK_RETRY] = { "QN-SINK-02", "An item that comes again is written again",
                        "keep no list of items already seen in one run", outcomes },
  [RULE_SINK_LIFE] = { "QN-SINK-03", "flush and finish work in every order that the host may call them in",
                       "nothing written, nothing flushed, no document at all: each is fine", life },
  [RULE_SINK_HALF] = { "QN-SINK-04", "finish(0) leaves no half output in the place of a whole one",
                       "write PATH.part, and rename it in finish(1) alone", life },
};

const rule *rule_get(rule_id id) {
  assert(id < RULE_N);
  return &rules[id];
}

static const struct {
  const char *prefix, *title;
} groups[] = {
  { "QN-FILE", "The file" },
  { "QN-MANIFEST", "The manifest" },
  { "QN-RUN", "Whatever it does" },
  { "QN-CONFIG", "Configuration" },
  { "QN-HOST", "The host" },
  { "QN-LIFE", "Life" },
  { "QN-SAY", "Words" },
  { "QN-STATUS", "Statuses" },
  { "QN-LAYER", "Layers" },
  { "QN-VIEW", "Views" },
  { "QN-FIELD", "Fields" },
  { "QN-SAME", "The same result" },
  { "QN-BATCH", "Batches" },
  { "QN-ASYNC", "Asynchronous stages" },
  { "QN-SPLIT", "Splitting stages" },
  { "QN-SOURCE", "Sources" },
  { "QN-SINK", "Sinks" },
};

static void print_group(FILE *stream, const char *prefix) {
  size_t len = strlen(prefix);
  for (size_t i = 0; i < RULE_N; i++) {
    const rule *one = &rules[i];
    if (strncmp(one->id, prefix, len) == 0 && one->id[len] == '-') {
      fprintf(stream, "\n### %s\n\n%s ([abi.md](abi.md#%s)). If not: %s.\n", one->id, one->says, one->anchor,
              one->remedy);
    }
  }
}

void rule_print_all(FILE *stream) {
  fputs("# The rules of plugins\n\n"
        "What `qanat test-stage` holds a plugin to. Ids never change. This page is printed by `qanat test-stage "
        "--rules`.\n",
        stream);
  for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
    fprintf(stream, "\n## %s\n", groups[i].title);
    print_group(stream, groups[i].prefix);
  }
}
