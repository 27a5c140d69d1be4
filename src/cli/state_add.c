/* SPDX-License-Identifier: BSD-2-Clause */

/* uxfrm state add | update: the words into one NEWSA or UPDSA. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/names.h"
#include "cli/parse.h"

#define KEY_MAX 512
#define ESN_WORDS_MAX 128 /* 4096 packets */

struct algo {
	bool given;
	uint16_t icv_bits;
	char name[64];
	uint16_t key_len;
	uint8_t key[KEY_MAX];
};

struct sa_words {
	struct cli_id id;
	bool any_id, has_mark, has_extra, has_output_mark, has_output_mask, has_if_id;
	bool has_encap, has_coa, has_offload;
	struct xfrm_usersa_info info;
	struct xfrm_mark mark;
	struct xfrm_encap_tmpl encap;
	struct xfrm_user_offload offload;
	xfrm_address_t coa;
	uint8_t dir; /* XFRMA_SA_DIR: 1 in, 2 out, 0 not given */
	uint32_t extra, output_mark, output_mask, if_id, tfcpad;
	uint32_t window, seq, seq_hi, oseq, oseq_hi;
	struct algo algos[XFRMA_ALG_AUTH_TRUNC + 1]; /* by attribute number */
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x..." in hexadecimal (an odd number of digits: the first stands alone), or the characters
 * themselves. */
static void parse_key(const char *word, struct algo *algo)
{
	size_t len = strlen(word), at = 0;

	if (strncmp(word, "0x", 2) != 0) {
		if (len > KEY_MAX)
			args_wrong(word, "ALGO-KEYMAT value makes buffer overflow");
		memcpy(algo->key, word, len);
		algo->key_len = (uint16_t)len;
		return;
	}
	word += 2;
	len -= 2;
	if ((len + 1) / 2 > KEY_MAX)
		args_wrong(word - 2, "ALGO-KEYMAT value makes buffer overflow");
	for (size_t i = len & 1; at < len; i++, at++) {
		int digit = hex_digit(word[at]);

		if (digit < 0)
			args_wrong(word - 2, "ALGO-KEYMAT value is invalid");
		algo->key[i / 2] = (uint8_t)(algo->key[i / 2] << 4 | digit);
	}
	algo->key_len = (uint16_t)((len + 1) / 2);
}

static void parse_algo(struct args *a, struct sa_words *sa)
{
	const char *word = args_next(a);
	int type = name_to_algo_type(word);
	bool auth = type == XFRMA_ALG_AUTH || type == XFRMA_ALG_AUTH_TRUNC;
	struct algo *algo = &sa->algos[type];

	if (algo->given ||
	    (auth && (sa->algos[XFRMA_ALG_AUTH].given || sa->algos[XFRMA_ALG_AUTH_TRUNC].given)))
		args_duplicate("ALGO-TYPE", word);
	if (!args_peek(a))
		args_required("ALGO-NAME");
	word = args_next(a);
	if (strlen(word) >= sizeof(algo->name))
		args_wrong(word, "ALGO-NAME value makes buffer overflow");
	strcpy(algo->name, word);
	algo->given = true;
	if (type == XFRMA_ALG_COMP)
		return;
	if (!args_peek(a))
		args_required("ALGO-KEYMAT");
	parse_key(args_next(a), algo);
	if (type == XFRMA_ALG_AEAD) {
		if (!args_peek(a))
			args_required("ALGO-ICV-LEN");
		algo->icv_bits =
		    (uint16_t)args_number(a, UINT16_MAX, "ALGO-ICV-LEN value is invalid");
	} else if (type == XFRMA_ALG_AUTH_TRUNC) {
		if (!args_peek(a))
			args_required("ALGO-TRUNC-LEN");
		algo->icv_bits =
		    (uint16_t)args_number(a, UINT16_MAX, "ALGO-TRUNC-LEN value is invalid");
	}
}

static void parse_offload(struct args *a, struct sa_words *sa)
{
	if (args_take(a, "packet"))
		sa->offload.flags |= UX_XFRM_OFFLOAD_PACKET;
	else
		(void)args_take(a, "crypto");
	if (args_take(a, "dev"))
		sa->offload.ifindex = parse_device(a, "value after \"offload dev\" is invalid");
	if (args_take(a, "dir")) {
		const char *word = args_next(a);

		if (strcmp(word, "in") == 0)
			sa->offload.flags |= UX_XFRM_OFFLOAD_INBOUND;
		else if (strcmp(word, "out") != 0)
			args_wrong(word, "DIR value is invalid");
	} else {
		(void)args_next(a);
		args_required("DIR");
	}
	sa->has_offload = true;
}

static bool parse_replay_word(struct args *a, struct sa_words *sa)
{
	const struct {
		const char *name, *why;
		uint32_t *value;
	} words[] = {
	    {"replay-window", "value after \"replay-window\" is invalid", &sa->window},
	    {"replay-seq", "value after \"replay-seq\" is invalid", &sa->seq},
	    {"replay-seq-hi", "value after \"replay-seq-hi\" is invalid", &sa->seq_hi},
	    {"replay-oseq", "value after \"replay-oseq\" is invalid", &sa->oseq},
	    {"replay-oseq-hi", "value after \"replay-oseq-hi\" is invalid", &sa->oseq_hi},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!args_take(a, words[i].name))
			continue;
		*words[i].value = (uint32_t)args_number(a, UINT32_MAX, words[i].why);
		return true;
	}
	return false;
}

static bool parse_mark_word(struct args *a, struct sa_words *sa)
{
	if (args_take(a, "mark")) {
		sa->mark = args_mark(a);
		sa->has_mark = true;
	} else if (args_take(a, "output-mark")) {
		sa->output_mark =
		    (uint32_t)args_number(a, UINT32_MAX, "value after \"output-mark\" is invalid");
		sa->has_output_mark = true;
		if (args_take(a, "mask")) {
			sa->output_mask =
			    (uint32_t)args_number(a, UINT32_MAX, "mask value is invalid\n");
			sa->has_output_mask = true;
		}
	} else if (args_take(a, "if_id")) {
		sa->if_id =
		    (uint32_t)args_number(a, UINT32_MAX, "value after \"if_id\" is invalid");
		sa->has_if_id = true;
	} else if (args_take(a, "dir")) {
		const char *word = args_next(a);

		sa->dir = strcmp(word, "in") == 0 ? 1 : strcmp(word, "out") == 0 ? 2 : 0;
		if (!sa->dir)
			args_wrong(word, "DIR value is invalid");
	} else if (args_take(a, "tfcpad")) {
		sa->tfcpad =
		    (uint32_t)args_number(a, UINT32_MAX, "value after \"tfcpad\" is invalid");
	} else {
		return false;
	}
	return true;
}

static void parse_coa(struct args *a, struct sa_words *sa)
{
	struct cli_address address = args_address(a, 0);

	sa->coa = address.a;
	sa->has_coa = true;
}

static bool parse_common_word(struct args *a, struct sa_words *sa)
{
	struct xfrm_usersa_info *info = &sa->info;

	if (args_take(a, "mode")) {
		info->mode = args_mode(a);
	} else if (args_take(a, "reqid")) {
		info->reqid = (uint32_t)args_number(a, UINT32_MAX, "REQID value is invalid");
	} else if (args_take(a, "seq")) {
		info->seq = htonl((uint32_t)args_number(a, UINT32_MAX, "SEQ value is invalid"));
	} else if (args_take(a, "flag")) {
		info->flags = (uint8_t)args_flags(a, state_flag_names, UINT8_MAX);
	} else if (args_take(a, "extra-flag")) {
		sa->extra = args_flags(a, extra_flag_names, UINT32_MAX);
		sa->has_extra = true;
	} else if (args_take(a, "sel")) {
		(void)parse_selector(a, 0, &info->sel);
	} else if (args_take(a, "limit")) {
		parse_limit(a, &info->lft);
	} else if (args_take(a, "encap")) {
		sa->encap = parse_encap(a);
		sa->has_encap = true;
	} else if (args_take(a, "coa")) {
		parse_coa(a, sa);
	} else if (args_take(a, "offload")) {
		parse_offload(a, sa);
	} else {
		return false;
	}
	return true;
}

static void require_one_of(const struct sa_words *sa, const char *proto)
{
	bool enc = sa->algos[XFRMA_ALG_CRYPT].given || sa->algos[XFRMA_ALG_AEAD].given;
	bool auth = sa->algos[XFRMA_ALG_AUTH].given || sa->algos[XFRMA_ALG_AUTH_TRUNC].given;
	bool comp = sa->algos[XFRMA_ALG_COMP].given;

	switch (sa->info.id.proto) {
	case IPPROTO_ESP:
		if (comp)
			args_incomplete("ALGO-TYPE value \"comp\" is invalid with XFRM-PROTO value "
					"\"%s\"",
					proto);
		if (!enc)
			args_incomplete("ALGO-TYPE value \"enc\" or \"aead\" is required with "
					"XFRM-PROTO value \"%s\"",
					proto);
		break;
	case IPPROTO_AH:
		if (enc || comp)
			args_incomplete("ALGO-TYPE values \"enc\", \"aead\", and \"comp\" are "
					"invalid with XFRM-PROTO value \"%s\"",
					proto);
		if (!auth)
			args_incomplete("ALGO-TYPE value \"auth\" or \"auth-trunc\" is required "
					"with XFRM-PROTO value \"%s\"",
					proto);
		break;
	case IPPROTO_COMP:
		if (enc || auth)
			args_incomplete("ALGO-TYPE values \"enc\", \"auth\", \"auth-trunc\", and "
					"\"aead\" are invalid with XFRM-PROTO value \"%s\"",
					proto);
		if (!comp)
			args_incomplete("ALGO-TYPE value \"comp\" is required with XFRM-PROTO "
					"value \"%s\"",
					proto);
		break;
	default:
		if (enc || auth || comp)
			args_incomplete("ALGO is invalid with XFRM-PROTO value \"%s\"", proto);
		break;
	}
}

static void check_combination(const struct sa_words *sa)
{
	char buf[NAME_BUF];
	uint8_t proto = sa->info.id.proto, mode = sa->info.mode;
	const char *name = xfrm_proto_name(proto, buf);
	bool ipsec = proto == IPPROTO_ESP || proto == IPPROTO_AH || proto == IPPROTO_COMP;

	if (ipsec) {
		bool beet = mode == XFRM_MODE_BEET && proto == IPPROTO_ESP;

		if (mode != XFRM_MODE_TRANSPORT && mode != XFRM_MODE_TUNNEL && !beet)
			args_incomplete("MODE value is invalid with XFRM-PROTO value \"%s\"", name);
	} else if (mode != XFRM_MODE_ROUTEOPTIMIZATION && mode != XFRM_MODE_IN_TRIGGER) {
		args_incomplete(mode ? "MODE value is invalid with XFRM-PROTO value \"%s\""
				     : "\"mode\" is required with XFRM-PROTO value \"%s\"",
				name);
	}
	require_one_of(sa, name);
	if (ipsec && sa->has_coa)
		args_incomplete("\"coa\" is invalid with XFRM-PROTO value \"%s\"", name);
	if (!ipsec && !sa->has_coa)
		args_incomplete("\"coa\" is required with XFRM-PROTO value \"%s\"", name);
}

static void write_algo(struct ux_writer *w, uint16_t type, const struct algo *algo)
{
	struct xfrm_algo_aead head = {.alg_key_len = algo->key_len * 8u,
				      .alg_icv_len = algo->icv_bits};
	bool with_icv = type == XFRMA_ALG_AEAD || type == XFRMA_ALG_AUTH_TRUNC;
	size_t head_len = with_icv ? sizeof(head) : sizeof(struct xfrm_algo);
	uint8_t *to = ux_msg_attr_reserve(w, type, head_len + algo->key_len);

	if (!to)
		return;
	memcpy(head.alg_name, algo->name, sizeof(head.alg_name));
	memcpy(to, &head, head_len); /* struct xfrm_algo is the same without the last number */
	memcpy(to + head_len, algo->key, algo->key_len);
}

static void write_esn(struct ux_writer *w, const struct sa_words *sa)
{
	uint32_t words = (sa->window + 31) / 32;
	struct xfrm_replay_state_esn esn = {.bmp_len = words,
					    .replay_window = sa->window,
					    .seq = sa->seq,
					    .seq_hi = sa->seq_hi,
					    .oseq = sa->oseq,
					    .oseq_hi = sa->oseq_hi};
	uint8_t *to = ux_msg_attr_reserve(w, XFRMA_REPLAY_ESN_VAL, sizeof(esn) + words * 4);

	if (!to)
		return;
	memset(to, 0, sizeof(esn) + words * 4);
	memcpy(to, &esn, sizeof(esn));
}

static void write_replay(struct ux_writer *w, const struct sa_words *sa)
{
	if (sa->window > 32 || (sa->info.flags & XFRM_STATE_ESN)) {
		write_esn(w, sa);
	} else if (sa->seq || sa->oseq) {
		struct xfrm_replay_state replay = {.seq = sa->seq, .oseq = sa->oseq};

		ux_msg_attr(w, XFRMA_REPLAY_VAL, &replay, sizeof(replay));
	}
}

static void write_attributes(struct ux_writer *w, const struct sa_words *sa)
{
	write_replay(w, sa);
	if (sa->has_offload)
		ux_msg_attr(w, XFRMA_OFFLOAD_DEV, &sa->offload, sizeof(sa->offload));
	if (sa->has_mark)
		ux_msg_attr(w, XFRMA_MARK, &sa->mark, sizeof(sa->mark));
	if (sa->has_extra)
		ux_msg_attr_u32(w, XFRMA_SA_EXTRA_FLAGS, sa->extra);
	if (sa->has_encap)
		ux_msg_attr(w, XFRMA_ENCAP, &sa->encap, sizeof(sa->encap));
	if (sa->has_coa)
		ux_msg_attr(w, XFRMA_COADDR, &sa->coa, sizeof(sa->coa));
	if (sa->has_output_mark)
		ux_msg_attr_u32(w, XFRMA_SET_MARK, sa->output_mark);
	if (sa->has_output_mask)
		ux_msg_attr_u32(w, XFRMA_SET_MARK_MASK, sa->output_mask);
	if (sa->has_if_id)
		ux_msg_attr_u32(w, XFRMA_IF_ID, sa->if_id);
	if (sa->dir)
		ux_msg_attr_u8(w, UX_XFRMA_SA_DIR, sa->dir);
	if (sa->tfcpad)
		ux_msg_attr_u32(w, XFRMA_TFCPAD, sa->tfcpad);
	for (uint16_t type = 0; type <= XFRMA_ALG_AUTH_TRUNC; type++)
		if (sa->algos[type].given)
			write_algo(w, type, &sa->algos[type]);
}

static void finish_info(struct sa_words *sa)
{
	struct xfrm_usersa_info *info = &sa->info;

	if (!sa->any_id)
		args_incomplete("Not enough information: ID is required");
	info->saddr = sa->id.src.a;
	info->id.daddr = sa->id.dst.a;
	info->id.spi = sa->id.spi;
	info->id.proto = sa->id.proto;
	info->family = sa->id.family ? sa->id.family : AF_INET;
	if ((info->flags & XFRM_STATE_ESN) && sa->window == 0) {
		fprintf(stderr, "Error: esn flag set without replay-window.\n");
		exit(255);
	}
	if (sa->window > 32 * ESN_WORDS_MAX) {
		fprintf(stderr, "Error: replay-window (%u) > XFRMA_REPLAY_ESN_MAX (%u).\n",
			sa->window, 32u * ESN_WORDS_MAX);
		exit(255);
	}
	info->replay_window =
	    sa->window > 32 || (info->flags & XFRM_STATE_ESN) ? 0 : (uint8_t)sa->window;
}

/* ip takes an unknown word for the beginning of an ID until there has been one. */
static _Noreturn void unknown_word(const struct args *a, bool any_id)
{
	if (!any_id)
		args_required("XFRM-PROTO");
	args_wrong(args_peek(a), "unknown");
}

int state_add(struct cli *cli, struct args *a, uint16_t type, uint16_t flags)
{
	static uint8_t buf[CLI_REQUEST_SIZE];
	struct sa_words sa = {0};
	struct ux_writer w;

	sa.info.lft = (struct xfrm_lifetime_cfg){.soft_byte_limit = XFRM_INF,
						 .hard_byte_limit = XFRM_INF,
						 .soft_packet_limit = XFRM_INF,
						 .hard_packet_limit = XFRM_INF};
	while (args_peek(a)) {
		if (name_to_algo_type(args_peek(a)) >= 0)
			parse_algo(a, &sa);
		else if (parse_id(a, cli->family, &sa.id))
			sa.any_id = true;
		else if (!parse_common_word(a, &sa) && !parse_mark_word(a, &sa) &&
			 !parse_replay_word(a, &sa))
			unknown_word(a, sa.any_id);
	}
	finish_info(&sa);
	check_combination(&sa);
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, type, (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags), 0, 0, &sa.info,
		     sizeof(sa.info));
	write_attributes(&w, &sa);
	ux_msg_end(&w);
	int status = cli_ask(cli, &w, NULL, NULL);

	explicit_bzero(&sa, sizeof(sa));
	explicit_bzero(buf, sizeof(buf));
	return status;
}
