/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Runs the case table: each line is one engine, one request and one test result (TAP). See
 * README.md for the form of a line. What holds for every line is checked without being said: a
 * refusal leaves the SAs as they were, byte for byte, and causes no event; a move leaves everything
 * of the SA but what the request changes.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "wire/attrs.h"

#define DUMP_MAX 65536

struct test_case {
	unsigned int line;
	char *name, *setup, *request, *err, *text, *facts;
	struct words request_words, fact_words;
};

static char reason[512]; /* why the case failed; empty while it has not */

static void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void fail(const char *fmt, ...)
{
	va_list ap;

	if (reason[0])
		return;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
}

static int errno_of(const char *name)
{
	static const struct {
		const char *name;
		int err;
	} names[] = {{"0", 0},		 {"EPERM", EPERM},   {"ESRCH", ESRCH},	 {"EEXIST", EEXIST},
		     {"EINVAL", EINVAL}, {"ERANGE", ERANGE}, {"ENOENT", ENOENT}, {"none", -1}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].err;
	words_bad("no such errno", name);
}

/* The steps that are no messages. */
static bool set_up_client(struct rig *rig, const char *word)
{
	const uint32_t groups = 1u << (UX_XFRM_GROUP_MIGRATE - 1) | 1u << (UX_XFRM_GROUP_SA - 1);

	if (strcmp(word, "listen") == 0)
		uxfrm_client_set_groups(rig->listener, groups);
	else if (strcmp(word, "deaf") == 0)
		uxfrm_client_set_groups(rig->listener, groups), rig->events.full = true;
	else if (strcmp(word, "self") == 0)
		uxfrm_client_set_groups(rig->asker, groups);
	else if (strcmp(word, "unprivileged") == 0)
		rig->unprivileged = true;
	else
		return false;
	return true;
}

static void set_up(struct rig *rig, const char *setup)
{
	char copy[1024], *save = NULL;

	if (strlen(setup) >= sizeof(copy))
		words_bad("setup too long", setup);
	strcpy(copy, setup);
	for (char *s = strtok_r(copy, ";", &save); s; s = strtok_r(NULL, ";", &save)) {
		uint8_t buf[1024];
		struct ux_writer w;
		struct words ws;

		words_split(&ws, s);
		if (ws.n == 0)
			continue;
		if (set_up_client(rig, ws.word[0]))
			continue;
		ux_writer_init(&w, buf, sizeof(buf));
		request_build(&w, &ws);
		struct answer a = rig_send(rig, &w);
		if (!a.any || (a.err && !word_has(&ws, "fails")) ||
		    (!a.err && word_has(&ws, "fails")))
			fail("setup, \"%s\": %s (%s)", s, strerror(-a.err), a.text);
	}
}

/* ---- the SA after the move ---- */

struct shown_sa {
	struct xfrm_usersa_info info;
	size_t len[UX_XFRMA_MAX + 1]; /* 0: absent. A flag attribute does not occur in an SA */
	uint8_t attr[UX_XFRMA_MAX + 1][256];
};

static void read_sa(const struct nlmsghdr *h, struct shown_sa *to)
{
	struct ux_attrs attrs;

	memset(to, 0, sizeof(*to));
	memcpy(&to->info, NLMSG_DATA(h), sizeof(to->info));
	if (ux_attrs_parse(h, sizeof(to->info), &attrs, NULL))
		words_bad("GETSA", "answer cannot be parsed");
	for (size_t i = 0; i <= UX_XFRMA_MAX; i++) {
		if (!attrs.tb[i])
			continue;
		to->len[i] = ux_attr_len(attrs.tb[i]);
		if (to->len[i] > sizeof(to->attr[i]))
			words_bad("GETSA", "attribute too long");
		memcpy(to->attr[i], ux_attr_data(attrs.tb[i]), to->len[i]);
	}
}

/* What the request makes of the SA; the facts of the line say the rest. */
static void expect_move(struct shown_sa *sa, const struct test_case *c)
{
	struct ux_xfrm_user_migrate_state m = request_migrate_header(&c->request_words);
	struct attr_value a;

	sa->info.id.daddr = m.new_daddr;
	sa->info.saddr = m.new_saddr;
	sa->info.family = m.new_family;
	sa->info.reqid = m.new_reqid;
	if (!words_selector(&c->fact_words, "sel", &sa->info.sel))
		sa->info.sel = m.new_sel;
	memset(&sa->info.stats, 0, sizeof(sa->info.stats));
	for (size_t i = 0; i < c->fact_words.n; i++) {
		if (words_attr(&c->fact_words, i, '-', &a))
			sa->len[a.type] = 0;
		if (words_attr(&c->fact_words, i, '+', &a)) {
			sa->len[a.type] = a.len;
			memcpy(sa->attr[a.type], a.data, a.len);
		}
	}
}

static void compare_sa(const struct shown_sa *want, const struct shown_sa *got)
{
	const uint8_t *a = (const uint8_t *)&want->info, *b = (const uint8_t *)&got->info;

	for (size_t i = 0; i < sizeof(want->info); i++)
		if (a[i] != b[i])
			fail("SA: byte %zu of xfrm_usersa_info is %#x, not %#x", i, b[i], a[i]);
	for (size_t i = 0; i <= UX_XFRMA_MAX; i++)
		if (want->len[i] != got->len[i])
			fail("SA: attribute %zu has %zu bytes, not %zu", i, got->len[i],
			     want->len[i]);
		else if (memcmp(want->attr[i], got->attr[i], want->len[i]) != 0)
			fail("SA: attribute %zu has another value", i);
}

static struct xfrm_mark moved_mark(const struct test_case *c)
{
	struct xfrm_mark mark = word_mark(&c->request_words, "mark");
	struct attr_value a;

	for (size_t i = 0; i < c->request_words.n; i++)
		if (words_attr(&c->request_words, i, '@', &a) && a.type == XFRMA_MARK)
			memcpy(&mark, a.data, sizeof(mark));
	mark.v &= mark.m;
	return mark;
}

static void check_moved(struct rig *rig, const struct test_case *c, struct shown_sa *want)
{
	struct ux_xfrm_user_migrate_state m = request_migrate_header(&c->request_words);
	struct xfrm_mark mark = moved_mark(c);
	struct xfrm_usersa_id old = m.id, id = m.id;
	const struct nlmsghdr *h;
	struct shown_sa got;

	id.daddr = m.new_daddr;
	id.family = m.new_family;
	h = rig_get_sa(rig, &id, mark);
	if (!h) {
		fail("SA: not found where it should be now");
		return;
	}
	read_sa(h, &got);
	expect_move(want, c);
	compare_sa(want, &got);
	if (memcmp(&old, &id, sizeof(id)) == 0 && memcmp(&mark, &m.old_mark, sizeof(mark)) == 0)
		return;
	if (rig_get_sa(rig, &old, m.old_mark))
		fail("SA: still found where it was");
}

/* ---- the event ---- */

static void check_event(const struct rig *rig, const struct test_case *c)
{
	struct ux_xfrm_user_migrate_state m = request_migrate_header(&c->request_words);
	struct xfrm_selector sel;
	uint8_t buf[1024];
	struct ux_writer w;

	if (words_selector(&c->fact_words, "sel", &sel))
		m.new_sel = sel;
	ux_writer_init(&w, buf, sizeof(buf));
	ux_msg_begin(&w, UX_XFRM_MSG_MIGRATE_STATE, 0, word_u32(&c->request_words, "pid", 0),
		     REQUEST_SEQ, &m, sizeof(m));
	words_put_attrs(&w, &c->fact_words, '^');
	ux_msg_end(&w);
	if (rig->events.n != 1) {
		fail("events: %zu, not 1", rig->events.n);
		return;
	}
	if (rig->events.mail[0].group != UX_XFRM_GROUP_MIGRATE)
		fail("event: group %u", rig->events.mail[0].group);
	if (rig->events.mail[0].len != w.len)
		fail("event: %zu bytes, not %zu", rig->events.mail[0].len, w.len);
	for (size_t i = 0; i < w.len; i++)
		if (rig->events.mail[0].bytes[i] != buf[i])
			fail("event: byte %zu is %#x, not %#x", i, rig->events.mail[0].bytes[i],
			     buf[i]);
}

/* A requester that listens gets its own event, and gets it before the acknowledgement. */
static void check_own_event(const struct rig *rig)
{
	if (!uxfrm_client_groups(rig->asker))
		return;
	if (rig->answers.n != 2 || rig->answers.mail[0].group != UX_XFRM_GROUP_MIGRATE ||
	    rig->answers.mail[1].group != 0)
		fail("requester: not one event and then the acknowledgement");
}

/* ---- one line ---- */

static void check_answer(const struct test_case *c, const struct answer *a)
{
	const char *offset = word_get(&c->fact_words, "offset");
	int want = errno_of(c->err);

	if (want < 0) {
		if (a->any)
			fail("an answer, errno %d", -a->err);
		return;
	}
	if (!a->any)
		fail("no answer");
	if (a->err != -want)
		fail("errno %s (%s)", strerror(-a->err), a->text);
	if (strcmp(strcmp(c->text, "-") == 0 ? "" : c->text, a->text) != 0)
		fail("text \"%s\"", a->text);
	if (offset && (!a->has_offset || a->offset != word_u32(&c->fact_words, "offset", 0)))
		fail("offset %d", a->has_offset ? (int)a->offset : -1);
	if (!offset && a->has_offset)
		fail("offset %u, where none belongs", a->offset);
}

static bool moves(const struct test_case *c)
{
	return strcmp(c->request_words.word[0], "migrate") == 0 && errno_of(c->err) == 0 &&
	       !word_has(&c->fact_words, "nothing");
}

static bool changes_nothing(const struct test_case *c)
{
	return errno_of(c->err) != 0 || word_has(&c->fact_words, "nothing");
}

static void run_request(struct rig *rig, const struct test_case *c)
{
	static uint8_t before[DUMP_MAX], after[DUMP_MAX];
	struct ux_xfrm_user_migrate_state m = request_migrate_header(&c->request_words);
	unsigned int n_before, n_after;
	static struct shown_sa sa;
	const struct nlmsghdr *h;
	uint8_t buf[2048];
	struct ux_writer w;
	size_t len, events;

	h = rig_get_sa(rig, &m.id, m.old_mark);
	if (h)
		read_sa(h, &sa);
	else if (moves(c))
		fail("setup: the SA to be moved is not there");
	len = rig_dump_sa(rig, before, sizeof(before), &n_before);
	ux_writer_init(&w, buf, sizeof(buf));
	request_build(&w, &c->request_words);
	struct answer a = rig_send_as(rig, rig->unprivileged ? rig->nobody : rig->asker, &w);
	events = rig->events.n;
	check_own_event(rig);
	check_answer(c, &a);
	if (moves(c) && uxfrm_client_groups(rig->listener) && !rig->events.full)
		check_event(rig, c);
	if (changes_nothing(c)) {
		if (events)
			fail("an event where nothing changed");
		if (len != rig_dump_sa(rig, after, sizeof(after), &n_after) ||
		    memcmp(before, after, len) != 0)
			fail("the SAs changed (%u before, %u after)", n_before, n_after);
	}
	if (moves(c) && h)
		check_moved(rig, c, &sa);
	(void)rig_dump_sa(rig, after, sizeof(after), &n_after);
	if (moves(c) && n_after != word_u32(&c->fact_words, "n", n_before))
		fail("%u SAs after %u", n_after, n_before);
}

static void run_case(struct test_case *c)
{
	static struct rig rig;

	reason[0] = '\0';
	words_split(&c->request_words, c->request);
	words_split(&c->fact_words, c->facts);
	rig_open(&rig);
	set_up(&rig, c->setup);
	run_request(&rig, c);
	rig_close(&rig);
}

static char *trim(char *s)
{
	size_t len;

	while (*s == ' ' || *s == '\t')
		s++;
	len = strlen(s);
	while (len && strchr(" \t\r\n", s[len - 1]))
		s[--len] = '\0';
	return s;
}

/* False: an empty line or a comment. */
static bool parse_line(char *line, unsigned int number, struct test_case *c)
{
	char **column[] = {&c->name, &c->setup, &c->request, &c->err, &c->text, &c->facts};
	const size_t n = sizeof(column) / sizeof(column[0]);

	memset(c, 0, sizeof(*c));
	c->line = number;
	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return false;
	for (size_t i = 0; i < n; i++) {
		char *bar = strchr(line, '|');

		if (!bar && i + 1 < n)
			words_bad("too few columns", line);
		if (bar && i + 1 == n)
			words_bad("too many columns", line);
		if (bar)
			*bar++ = '\0';
		*column[i] = trim(line);
		line = bar;
	}
	return true;
}

int main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
	const char *only = argc > 2 ? argv[2] : NULL;
	unsigned int number = 0, n = 0, failed = 0;
	static struct test_case c;
	char line[2048];

	if (!file)
		words_bad("usage", "conformance FILE [NAME]");
	setlinebuf(stdout);
	while (fgets(line, sizeof(line), file)) {
		if (!parse_line(line, ++number, &c) || (only && strcmp(only, c.name) != 0))
			continue;
		run_case(&c);
		printf("%s %u - %s\n", reason[0] ? "not ok" : "ok", ++n, c.name);
		if (reason[0])
			printf("# line %u: %s\n", number, reason);
		failed += reason[0] != '\0';
	}
	fclose(file);
	printf("1..%u\n", n);
	return failed || n == 0;
}
