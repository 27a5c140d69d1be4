/* SPDX-License-Identifier: BSD-2-Clause */

#include "cli/state_algo.h"

#include <netinet/in.h>
#include <string.h>

#include "cli/names.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x..." in hexadecimal (an odd number of digits: the first stands alone), or the characters
 * themselves. Returns the bytes. */
static size_t parse_key(const char *word, uint8_t *key)
{
	size_t len = strlen(word), at = 0;

	if (strncmp(word, "0x", 2) != 0 || !word[2]) {
		if (len > KEY_MAX)
			args_wrong(word, "ALGO-KEYMAT value makes buffer overflow");
		memcpy(key, word, len);
		return len;
	}
	word += 2;
	len -= 2;
	if ((len + 1) / 2 > KEY_MAX)
		args_wrong(word - 2, "ALGO-KEYMAT value makes buffer overflow");
	for (size_t i = len & 1; at < len; i++, at++) {
		int digit = hex_digit(word[at]);

		if (digit < 0)
			args_wrong(word - 2, "ALGO-KEYMAT value is invalid");
		key[i / 2] = (uint8_t)(key[i / 2] << 4 | digit);
	}
	return (len + 1) / 2;
}

static const char *next_or_required(struct args *a, const char *what)
{
	if (!args_peek(a))
		args_required(what);
	return args_next(a);
}

/* The second length of aead and auth-trunc. */
static void parse_icv(struct args *a, struct uxfrm_algo *algo, const char *what, const char *why)
{
	if (!args_peek(a))
		args_required(what);
	algo->icv_bits = (uint32_t)args_number(a, UINT32_MAX, why);
}

static void parse_one(struct args *a, enum uxfrm_has kind, struct uxfrm_algo *algo, uint8_t *key)
{
	const char *word = next_or_required(a, "ALGO-NAME");

	if (strlen(word) >= sizeof(algo->name))
		args_wrong(word, "ALGO-NAME value makes buffer overflow");
	strcpy(algo->name, word);
	if (kind == UXFRM_HAS_COMP)
		return;
	algo->key_bits = (uint32_t)(parse_key(next_or_required(a, "ALGO-KEYMAT"), key) * 8);
	algo->key = key;
	if (kind == UXFRM_HAS_AEAD)
		parse_icv(a, algo, "ALGO-ICV-LEN", "ALGO-ICV-LEN value is invalid");
	else if (kind == UXFRM_HAS_AUTH_TRUNC)
		parse_icv(a, algo, "ALGO-TRUNC-LEN", "ALGO-TRUNC-LEN value is invalid");
}

bool parse_algo(struct args *a, struct uxfrm_attributes *attrs, struct algo_words *words)
{
	const struct {
		enum uxfrm_has has, other;
		struct uxfrm_algo *algo;
	} kinds[] = {
	    {UXFRM_HAS_CRYPT, UXFRM_HAS_CRYPT, &attrs->crypt},
	    {UXFRM_HAS_AUTH, UXFRM_HAS_AUTH_TRUNC, &attrs->auth},
	    {UXFRM_HAS_AUTH_TRUNC, UXFRM_HAS_AUTH, &attrs->auth_trunc},
	    {UXFRM_HAS_AEAD, UXFRM_HAS_AEAD, &attrs->aead},
	    {UXFRM_HAS_COMP, UXFRM_HAS_COMP, &attrs->comp},
	};
	const char *word = args_peek(a);
	int kind = name_to_algo(word);

	if (kind < 0)
		return false;
	a->at++;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if ((int)kinds[i].has != kind)
			continue;
		if (uxfrm_has(attrs, kinds[i].has) || uxfrm_has(attrs, kinds[i].other))
			args_duplicate("ALGO-TYPE", word);
		parse_one(a, kinds[i].has, kinds[i].algo, words->keys[i]);
		uxfrm_give(attrs, kinds[i].has);
	}
	return true;
}

void check_algos(const struct uxfrm_attributes *attrs, uint8_t proto, const char *name)
{
	bool enc = uxfrm_has(attrs, UXFRM_HAS_CRYPT) || uxfrm_has(attrs, UXFRM_HAS_AEAD);
	bool auth = uxfrm_has(attrs, UXFRM_HAS_AUTH) || uxfrm_has(attrs, UXFRM_HAS_AUTH_TRUNC);
	bool comp = uxfrm_has(attrs, UXFRM_HAS_COMP);
	bool ipsec = proto == IPPROTO_ESP || proto == IPPROTO_AH || proto == IPPROTO_COMP;
	const struct {
		uint8_t proto;
		bool bad;
		const char *why;
	} rules[] = {
	    {IPPROTO_ESP, comp, "ALGO-TYPE value \"comp\" is invalid with"},
	    {IPPROTO_ESP, !enc, "ALGO-TYPE value \"enc\" or \"aead\" is required with"},
	    {IPPROTO_AH, enc || comp,
	     "ALGO-TYPE values \"enc\", \"aead\", and \"comp\" are invalid with"},
	    {IPPROTO_AH, !auth, "ALGO-TYPE value \"auth\" or \"auth-trunc\" is required with"},
	    {IPPROTO_COMP, enc || auth,
	     "ALGO-TYPE values \"enc\", \"auth\", \"auth-trunc\", and \"aead\" are invalid with"},
	    {IPPROTO_COMP, !comp, "ALGO-TYPE value \"comp\" is required with"},
	    {ipsec ? 0 : proto, enc || auth || comp, "ALGO is invalid with"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].proto == proto && rules[i].bad)
			args_incomplete("%s XFRM-PROTO value \"%s\"", rules[i].why, name);
}
