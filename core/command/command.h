/* SPDX-License-Identifier: Apache-2.0 */

/* The commands of qanat: one file each. Floor 5.
 *
 * argv[0] is the command's own name. Each returns the exit status: 0 done; 1 something failed on the way; 2 the
 * command line or the pipeline is wrong. */
#ifndef CORE_COMMAND_COMMAND_H
#define CORE_COMMAND_COMMAND_H

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_STUCK = 3 };

int command_run(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_check(int argc, char **argv);
int command_graph(int argc, char **argv);
int command_stages(int argc, char **argv);
int command_test(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_new(int argc, char **argv);
int command_deadletter(int argc, char **argv);
int command_journal(int argc, char **argv);
int command_test_stage(int argc, char **argv);
int command_top(int argc, char **argv);
int command_view(int argc, char **argv);

#endif
