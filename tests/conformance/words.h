/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * The words of the case table: "key=value" for fields of a message, "@NAME=value" for its
 * attributes. A word that cannot be read is a mistake in the table and ends the program.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/abi.h"
#include "wire/writer.h"

#define WORDS_MAX 48

struct words {
	char text[1024];
	const char *word[WORDS_MAX];
	size_t n;
};

/* words_bad - say what is wrong with the table, and exit. */
_Noreturn void words_bad(const char *what, const char *text);

void words_split(struct words *ws, const char *text);
/* word_get - what stands behind "key=", NULL when the word is missing. The last one counts. */
const char *word_get(const struct words *ws, const char *key);
bool word_has(const struct words *ws, const char *word);
uint32_t word_u32(const struct words *ws, const char *key, uint32_t fallback);
xfrm_address_t word_addr(const struct words *ws, const char *key, const char *fallback);
uint16_t word_family(const struct words *ws, const char *key, uint16_t fallback);
uint8_t word_proto(const struct words *ws, const char *key, uint8_t fallback);
struct xfrm_mark word_mark(const struct words *ws, const char *key);
uint16_t address_family(const char *text);

/* words_selector - "KEY=SRC/bits>DST/bits" and its companions KEY-family, -proto, -ports=S:D, -if,
 * -user. False: none of them is there and @to is all zero. */
bool words_selector(const struct words *ws, const char *key, struct xfrm_selector *to);

/* One attribute of a word. */
struct attr_value {
	uint16_t type;
	size_t len;
	uint8_t data[256];
};
/* words_attr - read word @i if it starts with @prefix ("@ENCAP=...", also by number:
 * "@10=hex:00ff"). */
bool words_attr(const struct words *ws, size_t i, char prefix, struct attr_value *to);
void words_put_attrs(struct ux_writer *w, const struct words *ws, char prefix);
