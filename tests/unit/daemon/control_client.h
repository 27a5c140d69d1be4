/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* A client of <uxfrm/control.h> for tests, and a daemon without ports to talk to. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <uxfrm/control.h>

struct control_client {
	int control; /* -1: closed */
	int data;    /* the program's end; -1: not open */
	int kept;    /* the duplicate of the daemon's end */
	uint32_t port_id;
};

/* test_daemon_start - in a network namespace of the test's own. The child's pid, or -1: not
 * possible here. */
pid_t test_daemon_start(void);
/* test_daemon_stop - its exit status. */
int test_daemon_stop(pid_t pid);

void control_connect(struct control_client *c);
void control_close(struct control_client *c);
/* control_ask - one request and its answer; PROCESSED messages in between are skipped. */
struct uxfrm_control_msg control_ask(struct control_client *c, uint16_t op, uint32_t a, uint32_t b);
/* control_open - with a fresh socket pair. The answer's result. */
int control_open(struct control_client *c, uint32_t wanted_port);
/* control_open_with - the same with UXFRM_CONTROL_BUNDLES in @flags. */
int control_open_with(struct control_client *c, uint32_t wanted_port, uint32_t flags);
/* control_wait_processed - until @n datagrams are processed. */
void control_wait_processed(struct control_client *c, uint32_t n);
/* control_request - send netlink bytes and wait until they are processed. */
void control_request(struct control_client *c, const void *bytes, size_t len);
/* control_receive - a datagram within two seconds; its length, -1: none came. */
ssize_t control_receive(struct control_client *c, void *buf, size_t size);
