/* SPDX-License-Identifier: Apache-2.0 */

/* A member of a consumer group, as its files see it.
 *
 * Each partition (a lane) has a queue of its own that is not forwarded anywhere: so messages wait in the library, which stops
 * fetching when enough of them do, and the queue of the group holds nothing but events. A lane is held back by not reading
 * it, at no cost: pausing would throw away what is fetched already. And the group is served, rebalances and all, while there is no
 * credit for a single document.
 *
 * Everything here belongs to the lent thread, callbacks of the library too, since they run inside its polls; but for the last
 * seven members, and log lines, which come from threads of the library. */
#ifndef QANAT_KAFKA_CONSUMER_H
#define QANAT_KAFKA_CONSUMER_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "broker/broker.h"
#include "kafka/offsets.h"
#include "kafka/report.h"

enum { LANE_BATCH = 64, LANES_MAX = 4096, ID_MAX_BYTES = 256 };

/* A message on its way through the room. Counted: by the room, and by lists here. */
typedef struct delivery {
  broker_message message; /* first: the room gives back its address */
  rd_kafka_message_t *kafka;
  broker_header *headers; /* n_headers of the message; room for capacity */
  uint32_t capacity;
  uint32_t n_refs;
  uint64_t due_ms;                  /* in a list: not before */
  struct delivery *next;            /* in a list, or spare */
  struct delivery *before, *behind; /* among all that hold a message */
  char id[ID_MAX_BYTES];            /* last: left as it is when a delivery is used again */
} delivery;

typedef enum lane_state {
  LANE_AWAY,     /* not assigned to this member */
  LANE_HELD,     /* assigned: read it */
  LANE_RELEASING /* assigned, but to be let go: settle what is in flight */
} lane_state;

typedef struct lane {
  char *topic, *name; /* name: "topic/3", for people; lanes live as long as the client, so messages may lend it */
  int32_t partition;
  uint32_t index; /* its place among the lanes */
  lane_state state;
  uint32_t session;    /* of this assignment; tags of another are ignored */
  uint32_t n_parked;   /* unsettled, and not with the room: to be delivered again, or given back */
  int64_t sent;        /* in the commit under way; -1: nothing */
  uint64_t restart_ms; /* when to take it on once more; 0: it is well */
  offsets window;
  rd_kafka_queue_t *queue;               /* NULL if away */
  rd_kafka_message_t *batch[LANE_BATCH]; /* read from the queue, not yet taken: at .. n_batch */
  uint32_t at, n_batch;
} lane;

typedef struct dead_letters dead_letters;

typedef struct consumer {
  broker_source *source;
  report report;
  rd_kafka_conf_t *conf;     /* members are made of copies */
  rd_kafka_t *member;        /* NULL: not connected */
  rd_kafka_queue_t *commits; /* where the broker's word on commits arrives */
  rd_kafka_topic_partition_list_t *topics;
  dead_letters *dead; /* NULL: there is no topic for them */
  char *id_header;
  uint32_t prefetch, window, release_ms, connect_ms, commit_ms;
  bool was_assigned; /* the group has said which partitions are this member's, if any */
  bool is_joined;    /* connect() has succeeded */
  bool is_left;      /* the group has been left for good */

  lane **lanes;
  uint32_t n_lanes, next_lane; /* next_lane: whose turn it is */
  uint32_t n_session;
  uint32_t n_quiet; /* deliveries since events were last looked at */
  uint32_t n_unsettled;
  uint32_t n_restarts; /* lanes that are to be taken on once more */
  broker_tag in_hand;  /* handed to the room last, and perhaps not emitted yet; session 0: none */

  delivery *returned; /* to be delivered again; by due_ms */
  delivery *live;     /* all that hold a message of the member */
  delivery *spare;    /* for reuse */

  bool commit_runs;
  uint32_t n_uncommitted; /* documents settled since a commit was last begun */
  uint64_t committed_ms;  /* when a commit was last begun */
  bool commit_fails;      /* and that was said */
  bool commit_in_vain;    /* not while the group is as it is */

  bool has_failed;
  broker_fault failure;  /* what a callback met: fetch and serve give it on */
  uint64_t connected_ms; /* when; 0: never */

  int event_fd;
  _Atomic bool woken;
  _Atomic bool is_asleep;    /* in a poll, or about to be: whoever wakes it has to write */
  _Atomic bool is_joining;   /* partitions are being shared anew: no commits */
  _Atomic bool was_admitted; /* the group has taken the member in */
  _Atomic bool is_abandoned; /* a member could not be ended */
  _Atomic bool is_changing;  /* that, or partitions are on their way from or to this member */
} consumer;

/* --- lanes.c --- */

/* The partition is this member's from now on. 0, -ENOMEM, -ENOSPC (more than LANES_MAX). */
int lanes_open(consumer *self, const char *topic, int32_t partition);
/* It is not any more: forgets all that is in flight there. */
void lanes_close(consumer *self, lane *at);
lane *lanes_find(const consumer *self, const char *topic, int32_t partition);
/* The lane a tag is of, or NULL if the tag is of another assignment. */
lane *lanes_of(const consumer *self, broker_tag tag);
void lanes_free(consumer *self);

/* The next message that may be delivered now. 1, 0 (none), negative errno with fault. */
int lanes_next(consumer *self, delivery **ret_delivery, broker_fault *fault);
/* Unsettled documents of the lane that the room has and that can still settle. */
uint32_t lanes_in_flight(const consumer *self, const lane *at);

/* --- delivery.c --- */

/* Makes a delivery of a message, which it takes over; NULL (the message is still the caller's): no memory. */
delivery *delivery_new(consumer *self, lane *at, rd_kafka_message_t *kafka, uint32_t sequence);
delivery *delivery_ref(delivery *held);
void delivery_unref(consumer *self, delivery *held);
/* The same for one whose document is on its way: it may settle without its message. */
void delivery_let_go(consumer *self, delivery *held);
/* Puts it into a list ordered by due_ms; the list takes the reference. */
void delivery_park(delivery **list, delivery *held);
/* Takes the messages out of all deliveries, wherever they are, since their member goes. */
void delivery_empty_all(consumer *self);
void delivery_free_spare(consumer *self);

/* --- commit.c --- */

/* Begins to commit what is due, unless a commit is under way. */
void commit_begin(consumer *self);
/* Whether it is time for one: after commit_ms, or when much has settled. */
bool commit_is_due(const consumer *self);
/* Hears of the commit under way, waiting for up to wait_ms. */
void commit_serve(consumer *self, uint32_t wait_ms);
/* Commits all that is due, and waits for the broker's word for up to wait_ms. */
void commit_wait(consumer *self, uint32_t wait_ms);

/* --- rebalance.c --- */

void rebalance_on_change(rd_kafka_t *member, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t *partitions,
                         void *arg);

/* Takes the partition on once more, from where the group stands: the library could not begin to read it, and would not try
 * again. Only for members that rebalance cooperatively. */
void rebalance_restart(consumer *self, lane *at);

/* --- dead.c --- */

/* A producer for the topic named in the configuration; NULL with 0 if it names none. 0, -EINVAL, -ENOMEM. [create] */
int dead_open(qn_create *create, consumer *self, dead_letters **ret_dead);
void dead_close(dead_letters *dead); /* NULL is fine */
/* Publishes the message there, and settles its offset once the broker has confirmed it; until then it is tried again. */
void dead_put(dead_letters *dead, delivery *held);
/* Sends, hears of what was sent, tries again what is due. */
void dead_serve(dead_letters *dead);
/* Waits for up to wait_ms until all are confirmed. */
void dead_wait(dead_letters *dead, uint32_t wait_ms);
/* Forgets those of a lane that is let go. */
void dead_forget(dead_letters *dead, uint32_t lane_index);
bool dead_is_busy(const dead_letters *dead);

/* --- member.c --- */

/* Reads the configuration into self->conf. 0, -EINVAL (said), -ENOMEM. [create] */
int member_configure(qn_create *create, consumer *self);
/* Makes the member; then waits for the cluster and asks to be let in. 0, negative errno with fault. */
int member_make(consumer *self, broker_fault *fault);
int member_join(consumer *self, broker_fault *fault);
bool member_is_half_joined(const consumer *self);
/* Says good-bye to the group, so that its partitions go to others now and not after the session's time-out. */
void member_leave(consumer *self);

/* --- consumer.c --- */

/* Rebalances, commits and errors; never a document. 0; negative errno with fault. */
int consumer_serve_events(consumer *self, broker_fault *fault);

uint64_t consumer_now_ms(void);
void consumer_nap(uint32_t ms);
void consumer_log(consumer *self, uint32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Keeps a failure for the next fetch or serve, unless one is kept already. */
void consumer_fail(consumer *self, const broker_fault *fault);
/* The document of this delivery is done with. */
void consumer_settled(consumer *self, broker_tag tag);

#endif
