/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The words of a command line and the values they stand for. The grammar and the texts of complaint
 * are those of `ip xfrm`. A wrong word ends the program with the complaint on standard error, exit
 * status 255 as with ip.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire/abi.h"

struct args {
	char **v;
	int n, at;
};

/* An address as written: family 0 = none given. */
struct cli_address {
	uint16_t family;
	uint8_t bits; /* prefix length; the whole address when none was written */
	xfrm_address_t a;
};

/* args_peek - the word at hand, or NULL at the end. args_is - is it exactly @word? */
const char *args_peek(const struct args *a);
bool args_is(const struct args *a, const char *word);
/* args_take - step over the word at hand if it is exactly @word. */
bool args_take(struct args *a, const char *word);
/* args_next - the word at hand, stepped over; ends the program when there is none. */
const char *args_next(struct args *a);
/* args_is_command - is @word the beginning of @command? (as ip abbreviates) */
bool args_is_command(const char *word, const char *command);

_Noreturn void args_wrong(const char *word, const char *why);
_Noreturn void args_required(const char *what);
_Noreturn void args_duplicate(const char *what, const char *word);
/* args_incomplete - a sentence of its own, exit status 1. */
_Noreturn void args_incomplete(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t args_number(struct args *a, uint64_t max, const char *why);
/* args_address - the next word; @family 0 = any. Ends the program where it is not an address. */
struct cli_address args_address(struct args *a, int family);
/* args_mark - behind "mark": value [ "mask" mask ]. */
struct xfrm_mark args_mark(struct args *a);
uint8_t args_mode(struct args *a);
/* args_flags - all words of @names that follow; @stop_text complains about none. Returns the bits.
 */
struct flag_name {
	uint32_t bit;
	const char *name;
};
uint32_t args_flags(struct args *a, const struct flag_name *names, uint32_t max);
