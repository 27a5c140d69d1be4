/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The words of a command line and the values they stand for. The grammar and the texts of complaint
 * are those of `ip xfrm`. A wrong word ends the program with the complaint on standard error, exit
 * status 255 as with ip.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uxfrm/objects.h>

struct args {
	char **v;
	int n, at;
	int family; /* of the addresses to come; 0 = any. An ID or a selector settles it. */
};

/* An address as written: family 0 = none given. */
struct cli_address {
	uint16_t family;
	uint8_t bits; /* prefix length; the whole address when none was written */
	union uxfrm_ip a;
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
/* args_address - the next word; ends the program where it is not an address. The family of "any" is
 * a->family, which may be 0. args_known_address - with that refused; @name is the word before it.
 */
struct cli_address args_address(struct args *a);
/* args_host - an address of either family, without a prefix length. */
union uxfrm_ip args_host(struct args *a);
struct cli_address args_known_address(struct args *a, const char *name);
/* args_parse_quad - up to four numbers with dots between them; the missing ones at the end are 0.
 */
bool args_parse_quad(const char *text, union uxfrm_ip *ret);
/* args_mark - value [ "mask" mask ]. */
struct uxfrm_mark args_mark(struct args *a);

struct flag_name {
	uint32_t bit;
	const char *name;
};
/*
 * A word that is followed by a value. A command has a table of them and one struct that they fill.
 * @read stores the value that follows at @to; @why is its complaint. @has: where the struct has a
 * bool that says that the word was there; 0 = nowhere.
 */
struct arg_word {
	const char *name;
	void (*read)(struct args *a, void *to, const char *why);
	size_t offset, has;
	const char *why;
	bool once; /* a second one ends the program */
};
/* args_word - take the word at hand and its value if @table (ended by a NULL name) has it. */
bool args_word(struct args *a, const struct arg_word *table, void *into);

/* readers */
void read_u8(struct args *a, void *to, const char *why);
void read_u16(struct args *a, void *to, const char *why);
void read_u32(struct args *a, void *to, const char *why);
void read_u64(struct args *a, void *to, const char *why);
void read_be32(struct args *a, void *to, const char *why); /* the number with its bytes reversed */
void read_mark(struct args *a, void *to,
	       const char *why); /* struct uxfrm_mark; has its own texts */
void read_address(struct args *a, void *to, const char *why); /* struct cli_address */
/* read_present - nothing follows; the word alone is remembered in a bool. */
void read_present(struct args *a, void *to, const char *why);
