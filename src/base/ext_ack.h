/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Errors of the control plane.
 *
 * A fallible function returns 0 or a negative errno. When a request from outside is refused it also
 * fills a struct ux_ext_ack: one sentence and, where known, the attribute to blame. ctl/ turns that
 * into NLMSGERR_ATTR_MSG, _OFFS and _MISS_TYPE, as the kernel does. Callers may pass NULL.
 *
 * The first text written wins only with the *_weak forms; the plain forms overwrite.
 */

#include <stdarg.h>
#include <stdint.h>

#define UX_MUST_CHECK __attribute__((warn_unused_result))

struct ux_ext_ack {
	char msg[96];	      /* empty: no text. Never contains key material */
	const void *bad_attr; /* borrowed: points into the request; NULL if none */
	uint16_t miss_type;   /* attribute number that is missing; 0 if none */
};

/* ux_fail_at - return -@err; record text and attribute (may be NULL) in @ext (may be NULL). */
int ux_fail_at(struct ux_ext_ack *ext, int err, const void *attr, const char *msg);

/* ux_fail_fmt - as ux_fail_at, with a printf format; the result is cut at 95 bytes. */
int ux_fail_fmt(struct ux_ext_ack *ext, int err, const void *attr, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* ux_fail_miss - refuse because attribute @type is missing. */
int ux_fail_miss(struct ux_ext_ack *ext, int err, uint16_t type, const char *msg);

/* ux_fail_weak - return -@err; set the text only where none stands yet. */
int ux_fail_weak(struct ux_ext_ack *ext, int err, const char *msg);

/* ux_fail - refuse a request: return -err and say why. The "" keeps the text a literal. */
#define ux_fail(ext, err, msg) ux_fail_at((ext), (err), NULL, "" msg)
#define ux_fail_attr(ext, err, attr, msg) ux_fail_at((ext), (err), (attr), "" msg)
