/* SPDX-License-Identifier: BSD-2-Clause */
#include "script.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(2);
}

void record_write(FILE *f, uint8_t kind, uint8_t client, uint16_t arg, const void *data, size_t len)
{
	struct record r = {.len = (uint32_t)len, .kind = kind, .client = client, .arg = arg};

	if (fwrite(&r, sizeof(r), 1, f) != 1 || (len && fwrite(data, len, 1, f) != 1))
		die("record");
}

void record_write_u32(FILE *f, uint8_t kind, uint8_t client, uint16_t arg, uint32_t value)
{
	record_write(f, kind, client, arg, &value, sizeof(value));
}

void records_load(struct records *r, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	*r = (struct records){.len = (size_t)st.st_size};
	r->bytes = malloc(r->len + 1);
	if (!r->bytes)
		die(path);
	for (size_t got = 0; got < r->len;) {
		ssize_t n = read(fd, r->bytes + got, r->len - got);

		if (n <= 0)
			die(path);
		got += (size_t)n;
	}
	close(fd);
}

void records_free(struct records *r)
{
	free(r->bytes);
	*r = (struct records){0};
}

bool records_next(struct records *r, struct record *ret_record, const uint8_t **ret_data)
{
	if (r->len - r->at < sizeof(*ret_record))
		return false;
	memcpy(ret_record, r->bytes + r->at, sizeof(*ret_record));
	if (ret_record->len > r->len - r->at - sizeof(*ret_record))
		return false; /* its writer was stopped */
	*ret_data = r->bytes + r->at + sizeof(*ret_record);
	r->at += sizeof(*ret_record) + ret_record->len;
	return true;
}

uint16_t u16_at(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint32_t u32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t u64_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

void numbers_reset(struct numbers *n)
{
	memset(n, 0, sizeof(*n));
}

void numbers_note_patch(struct numbers *n, const struct record *r, const uint8_t *data)
{
	if (r->len != 1 || n->n_patches == NUMBERS_MAX)
		return;
	n->patch[n->n_patches].at = r->arg;
	n->patch[n->n_patches].number = data[0] % NUMBERS_MAX;
	n->n_patches++;
}

void numbers_patch(struct numbers *n, uint8_t *datagram, size_t len)
{
	for (size_t i = 0; i < n->n_patches; i++)
		if (n->patch[i].at + sizeof(uint32_t) <= len)
			memcpy(datagram + n->patch[i].at, &n->value[n->patch[i].number],
			       sizeof(uint32_t));
	n->n_patches = 0;
}

uint32_t numbers_keep(struct numbers *n, const struct record *r, const uint8_t *data,
		      const uint8_t *reply, size_t len)
{
	uint32_t value = 0;

	if (r->len != 1)
		return 0;
	/* an error instead of the reply has none */
	if (reply && len >= r->arg + sizeof(value) && len >= 16 && u16_at(reply + 4) >= 16)
		value = u32_at(reply + r->arg);
	n->value[data[0] % NUMBERS_MAX] = value;
	return value;
}
