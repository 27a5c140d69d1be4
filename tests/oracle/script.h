/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What is said to both sides, and what they answer: files of records, each a head and len bytes.
 * A file of requests has sequences; each starts on an empty instance, with no clients.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum record_kind {
	/* requests */
	RECORD_SEQUENCE = 'N', /* a new sequence; data: its name */
	RECORD_CLIENT = 'C',   /* client opens a socket; data: uint32_t, its groups */
	RECORD_CLOSE = 'X',    /* client closes it */
	RECORD_OPTION = 'O',   /* arg: a SOL_NETLINK option; data: uint32_t, its value */
	RECORD_PATCH = 'P',    /* before SEND: at byte arg of it goes number data[0] */
	RECORD_SEND = 'S',     /* client sends the data as one datagram, then all read */
	RECORD_MORE = 'M',     /* as SEND, but nobody reads yet: one step with what follows */
	RECORD_KEEP = 'K',     /* the 4 bytes at arg of the first reply become number data[0] */
	RECORD_SLEEP = 'T',    /* data: uint32_t, milliseconds */
	/* answers */
	RECORD_BEGIN = 'B',  /* of a sequence; data: uint64_t, seconds since 1970 */
	RECORD_STEP = '.',   /* what follows answers the next SEND or SLEEP */
	RECORD_ANSWER = 'A', /* client receives data; arg: the group, 0 = a reply */
	RECORD_ERROR = 'E',  /* client's socket says errno arg */
	RECORD_KEPT = 'V',   /* number arg of this side; data: uint32_t */
};

#define CLIENTS_MAX 4
#define CLIENT_PORT_ID 0x1001u /* of the first client */
#define NUMBERS_MAX 16

struct record {
	uint32_t len;
	uint8_t kind; /* enum record_kind */
	uint8_t client;
	uint16_t arg;
};

/* record_write - stops the program when it cannot. */
void record_write(FILE *f, uint8_t kind, uint8_t client, uint16_t arg, const void *data,
		  size_t len);
/* record_write_u32 - the same with a number as data. */
void record_write_u32(FILE *f, uint8_t kind, uint8_t client, uint16_t arg, uint32_t value);

/* A file of records in memory. */
struct records {
	uint8_t *bytes;
	size_t len, at;
};

/* records_load - stops the program when the file cannot be read. */
void records_load(struct records *r, const char *path);
void records_free(struct records *r);
/* records_next - false at the end. @ret_data: borrowed, unaligned. */
bool records_next(struct records *r, struct record *ret_record, const uint8_t **ret_data);

uint32_t u32_at(const uint8_t *p);
uint16_t u16_at(const uint8_t *p);
uint64_t u64_at(const uint8_t *p);

/* The numbers that a side has chosen, for use in later requests. */
struct numbers {
	uint32_t value[NUMBERS_MAX];
	struct {
		uint16_t at;
		uint8_t number;
	} patch[NUMBERS_MAX];
	size_t n_patches; /* waiting for SEND */
};

void numbers_reset(struct numbers *n);
/* numbers_note_patch - a record PATCH. */
void numbers_note_patch(struct numbers *n, const struct record *r, const uint8_t *data);
/* numbers_patch - into a datagram to be sent; forgets the patches. */
void numbers_patch(struct numbers *n, uint8_t *datagram, size_t len);
/* numbers_keep - a record KEEP, of the reply given (may be NULL). Returns the value. */
uint32_t numbers_keep(struct numbers *n, const struct record *r, const uint8_t *data,
		      const uint8_t *reply, size_t len);
