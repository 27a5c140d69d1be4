/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The ends of the benchmark of underlay ports: a process for each, in its own network namespace. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define UNDERLAY_DEVICE "w0"
#define UNDERLAY_LEFT "192.0.2.1"
#define UNDERLAY_RIGHT "192.0.2.2"

enum underlay_kind { UNDERLAY_RAW, UNDERLAY_XDP };
/* UNDERLAY_ONE_WAY: the left end sends, the right one receives, both by the kind that is measured.
 * UNDERLAY_BACK: the right end, by that kind, sends each packet back; what the left end sends by is
 * always the same. */
enum underlay_work { UNDERLAY_ONE_WAY, UNDERLAY_BACK };

struct underlay_job {
	enum underlay_kind kind;
	enum underlay_work work;
	uint32_t size; /* of the IP packet */
	/* shared between the ends and who started them */
	_Atomic(bool) stop;
	_Atomic(int) ready;	   /* ends that are */
	_Atomic(uint64_t) carried; /* packets, counted by the right end */
	_Atomic(uint64_t) unsent;
};

/* underlay_left, underlay_right - run in a process of its own in its namespace until stop; the
 * exit status. */
int underlay_left(struct underlay_job *job);
int underlay_right(struct underlay_job *job);
