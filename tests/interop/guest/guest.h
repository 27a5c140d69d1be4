/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * interop-guest: the program inside the guest. One thread that enters either network namespace,
 * asks uxfrmd in the one and the kernel in the other, sends, receives and looks at the wire between
 * them. It reads commands line by line and answers each with a line (README.md of tests/interop).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

enum side { OURS, THEIRS }; /* where uxfrmd runs; where the kernel does it itself */

#define DATAGRAM_MAX 65536

/* What a request was answered with. */
struct answer {
	int error;	/* 0 or a positive errno */
	char text[128]; /* of the extended acknowledgement */
};

/* The kernel's time stands still while anybody computes, so a pause means: until all are idle. */
#define SETTLE_NS 1000000

void die(const char *what);
void pause_ns(long ns);
/* For a socket to become ready; false: it did not within a second of the guest's time. */
bool wait_for(int fd, short events);

/* sides.c */
void sides_open(void);
void side_enter(enum side side);
void side_ask(enum side side, const uint8_t *message, size_t len, struct answer *ret_answer);
/* Deletes all SAs and policies. */
void side_flush(enum side side);
void sides_print_counters(FILE *out);

/* sockets.c: all in the namespace of @side */
struct address {
	struct sockaddr_storage name;
	socklen_t len;
};

bool address_parse(const char *text, uint16_t port, struct address *ret_address);
int open_socket(enum side side, int family, int type, int protocol);

/* echo.c: one echo request of @size bytes; NULL when the same bytes came back, else what was wrong
 */
const char *echo(enum side side, const struct address *from, const struct address *to, size_t size);

/* stream.c: @bytes by TCP from @side to the other; NULL or what was wrong */
const char *stream(enum side side, const struct address *from, const struct address *to,
		   size_t bytes);

/* The same in parts, one connection from either side: what @side has not sent yet goes on being sent as there is
 * room while other things happen. stream_end carries the rest; NULL or what was wrong at any time. */
void stream_open(enum side side, const struct address *from, const struct address *to,
		 size_t bytes);
void stream_go_on(enum side side, size_t bytes);
const char *stream_end(enum side side);

/* flow.c: numbered datagrams both ways between two addresses, in bursts */
void flow_open(const struct address *ours, const struct address *theirs, size_t size);
void flow_send(unsigned int n);
void flow_end(FILE *out);

/* datagram.c: one packet without an answer; NULL or what was wrong */
const char *send_datagram(enum side side, const struct address *from, const struct address *to,
			  size_t size);
const char *send_packet(enum side side, const uint8_t *packet, size_t len);

/* wire.c */
void wire_open(void);
/* What has passed since the last time, as words. */
void wire_report(FILE *out);
/* From now on what passes is also written to @path as pcap; NULL: no more. */
void wire_record(const char *path);
