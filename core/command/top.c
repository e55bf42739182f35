/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat top`: what a worker does, looked at again and again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command/answer.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/top_fetch.h"
#include "command/top_screen.h"
#include "command/top_text.h"
#include "observe/metrics.h"
#include "serve/control_guard.h"

enum { WIDTH_PIPED = 100, INTERVAL_MAX_S = 3600 };

static const char usual_state[] = "qanat-state";
static const char usual_address[] = "127.0.0.1:9600";

typedef struct top_options {
  const char *control, *state, *token_file, *pipeline;
  uint64_t interval_s;
  bool once;
} top_options;

typedef struct top {
  top_options options;
  top_place place;
  char *socket_address; /* owned */
  control_token token;
  char token_text[CONTROL_TOKEN_MAX + 1];
  top_look *now, *before;
} top;

static void print_help(FILE *stream) {
  fputs("usage: qanat top [OPTION...]\n\n"
        "Shows what a worker (qanat serve) does: its pipelines and stages, how many documents a second, how long they "
        "take, "
        "what\n"
        "waits, what failed. Rates and times are those since the last look.\n\n"
        "      --control ADDRESS  where the worker's control is: host:port or unix:/path\n"
        "      --state DIR        the folder of the worker's state, which has a socket (qanat-state if it is there, "
        "else\n"
        "                         127.0.0.1:9600)\n"
        "      --control-token FILE\n"
        "                         the token to send\n"
        "      --pipeline NAME    only this one\n"
        "      --interval SECONDS how often to look (1)\n"
        "      --once             two looks, an interval apart, as plain text; also if standard output is no terminal\n"
        "  -h, --help             this\n\n"
        "keys: q ends, space holds it still, arrows or j and k move if there are more lines than the terminal has\n\n"
        "exit status: 0 done; 1 no worker answers; 2 the command line is wrong\n",
        stream);
}

/* --- looking --- */

static int find_place(top *self) {
  const char *state = self->options.state;
  char *usual = NULL;
  if (asprintf(&usual, "%s/control.sock", state != NULL ? state : usual_state) < 0) {
    return arguments_no_memory("top");
  }
  bool by_state = self->options.control == NULL && (state != NULL || access(usual, F_OK) == 0);
  int rc = by_state ? asprintf(&self->socket_address, "unix:%s", usual) : 0;
  free(usual);
  if (rc < 0) {
    self->socket_address = NULL;
    return arguments_no_memory("top");
  }
  self->place.address = by_state                        ? self->socket_address
                        : self->options.control != NULL ? self->options.control
                                                        : usual_address;
  return EXIT_DONE;
}

static int read_token(top *self) {
  qn_error error = { 0 };
  if (self->options.token_file == NULL) {
    return EXIT_DONE;
  }
  if (control_token_read(self->options.token_file, &self->token, &error) != 0) {
    fprintf(stderr, "qanat top: %s\n", error.message);
    return EXIT_USAGE;
  }
  memcpy(self->token_text, self->token.bytes, self->token.len);
  self->place.token = self->token_text;
  return EXIT_DONE;
}

/* A new look, and the last becomes the one before. */
static int look(top *self, qn_error *error) {
  char *body = NULL;
  size_t len = 0;
  top_look *made = NULL;
  int rc = top_fetch(&self->place, "/-/status", &body, &len, error);
  rc = rc == 0 ? top_look_read(body, len, &made, error) : rc;
  free(body);
  if (rc == 0) {
    top_look_free(self->before);
    self->before = self->now;
    self->now = made;
  }
  return rc;
}

static bool has_pipeline(const top *self) {
  for (uint32_t i = 0; i < self->now->n_pipelines; i++) {
    if (self->options.pipeline == NULL || strcmp(self->now->pipelines[i].name, self->options.pipeline) == 0) {
      return true;
    }
  }
  return self->options.pipeline == NULL;
}

/* --- once --- */

static int run_once(top *self) {
  qn_error error = { 0 };
  int rc = look(self, &error);
  if (rc == 0 && !has_pipeline(self)) {
    fprintf(stderr, "qanat top: the worker has no pipeline \"%s\"\n", self->options.pipeline);
    return EXIT_USAGE;
  }
  if (rc == 0) {
    const struct timespec nap = { .tv_sec = (time_t)self->options.interval_s };
    nanosleep(&nap, NULL);
    rc = look(self, &error);
  }
  if (rc != 0) {
    fprintf(stderr, "qanat top: %s\n", error.message);
    return EXIT_FAILED;
  }
  const top_style style = { .columns = WIDTH_PIPED, .pipeline = self->options.pipeline };
  top_text_write(self->now, self->before, &style, stdout);
  return answer_end("top", EXIT_DONE);
}

/* --- live --- */

typedef struct live {
  top *top;
  top_screen screen;
  unsigned first;   /* line that stands at the top */
  unsigned n_lines; /* there were */
  bool held;
  char trouble[1100]; /* why the last look failed; "": it did not */
} live;

static void draw(live *self) {
  top *of = self->top;
  char *text = NULL;
  size_t len = 0;
  unsigned rows;
  top_style style = { .colour = getenv("NO_COLOR") == NULL, .pipeline = of->options.pipeline };
  FILE *stream = open_memstream(&text, &len);
  if (stream == NULL) {
    return;
  }
  top_screen_size(&self->screen, &style.columns, &rows);
  if (self->trouble[0] != '\0' || self->held) {
    fprintf(stream, "%.*s\n", (int)style.columns,
            self->trouble[0] != '\0' ? self->trouble : "held still: space goes on");
  }
  if (of->now != NULL) {
    top_text_write(of->now, of->before, &style, stream);
  }
  if (fclose(stream) == 0) {
    self->n_lines = 0;
    for (size_t i = 0; i < len; i++) {
      self->n_lines += text[i] == '\n';
    }
    unsigned most = self->n_lines > rows ? self->n_lines - rows : 0;
    self->first = self->first < most ? self->first : most;
    top_screen_draw(&self->screen, text, len, self->first);
  }
  free(text);
}

static void look_live(live *self) {
  qn_error error = { 0 };
  int rc = look(self->top, &error);
  snprintf(self->trouble, sizeof self->trouble, "%s", rc != 0 ? error.message : "");
}

/* Handles what comes until it is time to look again. False: it is time to end. */
static bool wait_until(live *self, uint64_t due_ns) {
  for (;;) {
    uint64_t now_ns = metrics_now_ns();
    if (now_ns >= due_ns) {
      return true;
    }
    switch (top_screen_wait(&self->screen, (due_ns - now_ns) / 1000000 + 1)) {
    case TOP_QUIT:
      return false;
    case TOP_UP:
      self->first -= self->first > 0;
      break;
    case TOP_DOWN:
      self->first++;
      break;
    case TOP_PAUSE:
      self->held = !self->held;
      break;
    case TOP_RESIZE:
      break;
    case TOP_TIME:
    default:
      continue;
    }
    draw(self);
  }
}

/* The first look says by its exit status whether there is a worker; one that goes away later may come again. */
static int run_live(top *self) {
  live now = { .top = self };
  qn_error error = { 0 };
  if (look(self, &error) != 0) {
    fprintf(stderr, "qanat top: %s\n", error.message);
    return EXIT_FAILED;
  }
  if (!has_pipeline(self)) {
    fprintf(stderr, "qanat top: the worker has no pipeline \"%s\"\n", self->options.pipeline);
    return EXIT_USAGE;
  }
  int rc = top_screen_open(&now.screen, STDIN_FILENO, STDOUT_FILENO);
  if (rc != 0) {
    top_screen_close(&now.screen);
    fprintf(stderr, "qanat top: cannot use this terminal: %s; take --once\n", strerror(-rc));
    return EXIT_FAILED;
  }
  uint64_t due_ns = metrics_now_ns();
  do {
    draw(&now);
    due_ns += self->options.interval_s * UINT64_C(1000000000);
    if (!wait_until(&now, due_ns)) {
      break;
    }
    if (!now.held) {
      look_live(&now);
    }
    due_ns = metrics_now_ns();
  } while (true);
  top_screen_close(&now.screen);
  return EXIT_DONE;
}

int command_top(int argc, char **argv) {
  top self = { .options = { .interval_s = 1 } };
  top_options *options = &self.options;
  const argument_option table[] = {
    { .name = "control", .string = &options->control },
    { .name = "state", .string = &options->state },
    { .name = "control-token", .string = &options->token_file },
    { .name = "pipeline", .string = &options->pipeline },
    { .name = "interval", .number = &options->interval_s, .least = 1, .most = INTERVAL_MAX_S },
    { .name = "once", .flag = &options->once },
  };
  arguments given = {
    .command = "top", .print_help = print_help, .options = table, .n_options = sizeof table / sizeof table[0]
  };
  int status;
  if (arguments_read(&given, argc, argv, &status)) {
    status = given.operands.n > 0
                 ? arguments_refuse("top", "takes no operand, but has '%.60s'", given.operands.items[0])
                 : EXIT_DONE;
    status = status == EXIT_DONE ? find_place(&self) : status;
    status = status == EXIT_DONE ? read_token(&self) : status;
    if (status == EXIT_DONE) {
      bool live = !options->once && isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
      status = live ? run_live(&self) : run_once(&self);
    }
  }
  top_look_free(self.now);
  top_look_free(self.before);
  free(self.socket_address);
  arguments_done(&given);
  return status;
}
