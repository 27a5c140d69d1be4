/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The algorithms of `state add`. */

#include "cli/args.h"

#define KEY_MAX 512 /* bytes */

struct algo_words {
	uint8_t keys[5][KEY_MAX]; /* crypt, auth, auth_trunc, aead, comp */
};

/* parse_algo - at a kind of algorithm: it, its name and whatever else belongs to it, into @attrs.
 * False: no kind is at hand. Keys stay in @words, which the caller wipes. */
bool parse_algo(struct args *a, struct uxfrm_attributes *attrs, struct algo_words *words);
/* check_algos - which kinds a protocol, called @name, allows and wants. */
void check_algos(const struct uxfrm_attributes *attrs, uint8_t proto, const char *name);
