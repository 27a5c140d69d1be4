/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The parts of SA and policy descriptions that several commands have in common. */

#include <stdbool.h>
#include <stdint.h>

#include "cli/args.h"

/* src A dst A proto P spi S, in any order. */
struct cli_id {
	struct cli_address src, dst;
	bool has_proto, has_spi;
	uint8_t proto;
	uint32_t spi;
};

/* parse_id_word - take the word at hand if it belongs to an ID. */
bool parse_id_word(struct args *a, struct cli_id *id);
/* parse_id_check - what ip demands of an ID; @filter: that need not name a protocol. */
void parse_id_check(const struct args *a, const struct cli_id *id, bool filter);
/*
 * parse_name_id, parse_filter_id - for a command whose last alternative is an ID, of one SA or as a
 * filter: takes it, or ends the program with what ip says of a word it does not know. *any: there
 * has been one.
 */
void parse_name_id(struct args *a, struct cli_id *id, bool *any);
void parse_filter_id(struct args *a, struct cli_id *id, bool *any);
/* id_family - of src or dst; 0 if neither was given. id_to_sa - where it is 0, with that of
 * @a, or AF_INET. */
uint16_t id_family(const struct cli_id *id);
struct uxfrm_sa_id id_to_sa(const struct args *a, const struct cli_id *id);

/* parse_selector - src dst dev proto sport dport type code key, as many as follow. True if there
 * was any. */
bool parse_selector(struct args *a, struct uxfrm_selector *ret);

/* readers: behind "limit" (struct uxfrm_limits); behind "encap": TYPE SPORT DPORT OADDR; behind
 * "ctx" a label, which stays where it is; behind "offload": dev DEV dir DIR (struct uxfrm_offload).
 */
void read_limit(struct args *a, void *to, const char *why);
void read_encap(struct args *a, void *to, const char *why);
void read_security(struct args *a, void *to, const char *why);
void read_device_offload(struct args *a, void *to, const char *why);

/* parse_device - the next word is an interface's name. */
int parse_device(struct args *a, const char *why);
