/* SPDX-License-Identifier: BSD-2-Clause */

/* Settings as one table: section, name, kind, limits and place. */

#include "daemon/config.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crypto/settings.h"
#include "daemon/log.h"
#include "daemon/worker_cpus.h"
#include "daemon/workers.h"

enum setting_kind {
	SETTING_NUMBER,
	SETTING_BOOL,
	SETTING_TEXT,
	SETTING_LEVEL,
	SETTING_BIT,
	SETTING_LABELS,
	SETTING_CRYPTO,
	SETTING_UNDERLAY,
	SETTING_CAPTURE,
	SETTING_CPUS
};

struct setting {
	const char *section, *name;
	enum setting_kind kind;
	size_t offset;
	uint32_t min, max; /* of a number; for text: max = bytes with the zero */
};

#define SETTING(section, name, kind, min, max) \
	{section, #name, kind, offsetof(struct ux_config, name), min, max}

static const struct setting settings[] = {
    SETTING("daemon", grace_ms, SETTING_NUMBER, 0, 3600000),
    SETTING("daemon", max_sa, SETTING_NUMBER, 0, UINT32_MAX),
    SETTING("daemon", max_policy, SETTING_NUMBER, 0, UINT32_MAX),
    SETTING("daemon", acq_expires, SETTING_NUMBER, 1, 86400),
    SETTING("daemon", max_acquire, SETTING_NUMBER, 0, UINT32_MAX),
    SETTING("daemon", max_flows, SETTING_NUMBER, 0, 1u << 24),
    SETTING("daemon", workers, SETTING_NUMBER, 0, UX_WORKERS_MAX),
    SETTING("daemon", worker_cpus, SETTING_CPUS, 0, 256),
    SETTING("daemon", poll_us, SETTING_NUMBER, 0, 1000),
    SETTING("daemon", strict_templates, SETTING_BOOL, 0, 1),
    SETTING("daemon", labels, SETTING_LABELS, 0, 0),
    SETTING("daemon", crypto, SETTING_CRYPTO, 0, 0),
    SETTING("daemon", crypto_keys, SETTING_NUMBER, 16, UX_CRYPTO_CACHE_KEYS_MAX),
    SETTING("daemon", hold_ms, SETTING_NUMBER, 0, 10000),
    SETTING("daemon", hold_bytes, SETTING_NUMBER, 65536, 1 << 30),
    SETTING("daemon", larval_drop, SETTING_BOOL, 0, 1),
    SETTING("daemon", strict, SETTING_BOOL, 0, 1),
    SETTING("daemon", idle_s, SETTING_NUMBER, 1, 86400),
    SETTING("daemon", log_level, SETTING_LEVEL, 0, 0),
    SETTING("daemon", log_file, SETTING_TEXT, 0, 256),
    SETTING("control", max_clients, SETTING_NUMBER, 1, 1000000),
    SETTING("control", max_clients_per_user, SETTING_NUMBER, 1, 1000000),
    SETTING("control", queue_bytes, SETTING_NUMBER, 65536, 1 << 30),
    SETTING("ports", ports, SETTING_BOOL, 0, 1),
    SETTING("ports", tun_name, SETTING_TEXT, 1, 16),
    SETTING("ports", tun_mtu, SETTING_NUMBER, 1280, 65535),
    SETTING("ports", tun_queue, SETTING_NUMBER, 64, 100000),
    SETTING("ports", fail_closed, SETTING_BOOL, 0, 1),
    SETTING("ports", fwmark, SETTING_BIT, 1, UINT32_MAX),
    SETTING("ports", table, SETTING_NUMBER, 1, UINT32_MAX),
    SETTING("ports", rule_priority, SETTING_NUMBER, 1, 32765),
    SETTING("ports", capture, SETTING_CAPTURE, 0, 0),
    SETTING("ports", underlay, SETTING_UNDERLAY, 0, 0),
    SETTING("ports", xdp_devices, SETTING_TEXT, 0, 256),
};

void ux_config_init(struct ux_config *config)
{
	*config = (struct ux_config){
	    .grace_ms = 2000,
	    .crypto = -1,
	    .crypto_keys = UX_CRYPTO_CACHE_KEYS,
	    .hold_ms = 500,
	    .hold_bytes = 1 << 20,
	    .larval_drop = true,
	    .acq_expires = 30,
	    .max_acquire = 4096,
	    .max_flows = 1u << 20,
	    .idle_s = 60,
	    .log_level = LOG_NOTICE,
	    .max_clients = 1024,
	    .max_clients_per_user = 64,
	    .queue_bytes = 1 << 20,
	    .ports = true,
	    .tun_name = "uxfrm%d",
	    .tun_mtu = 1500,
	    .tun_queue = 10000,
	    .fail_closed = true,
	    .fwmark = 0x10000000,
	    .table = 5210,
	    .rule_priority = 30, /* before any rule of others: IPsec comes after all routing */
	    .ready_fd = -1,
	};
}

static int set_number(const struct setting *s, void *place, const char *value,
		      struct ux_ext_ack *ext)
{
	unsigned long long n;
	uint32_t number;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 0);
	if (errno || end == value || *end || strchr(value, '-'))
		return ux_fail_fmt(ext, EINVAL, NULL, "%s: not a number", s->name);
	if (n < s->min || n > s->max)
		return ux_fail_fmt(ext, EINVAL, NULL, "%s: must be from %u to %u", s->name, s->min,
				   s->max);
	if (s->kind == SETTING_BIT && (n & (n - 1)))
		return ux_fail_fmt(ext, EINVAL, NULL, "%s: must be a single bit", s->name);
	number = (uint32_t)n;
	memcpy(place, &number, sizeof(number));
	return 0;
}

static int set_bool(const struct setting *s, void *place, const char *value, struct ux_ext_ack *ext)
{
	bool on = !strcasecmp(value, "yes") || !strcasecmp(value, "true") || !strcmp(value, "1");
	bool off = !strcasecmp(value, "no") || !strcasecmp(value, "false") || !strcmp(value, "0");

	if (!on && !off)
		return ux_fail_fmt(ext, EINVAL, NULL, "%s: must be yes or no", s->name);
	memcpy(place, &on, sizeof(on));
	return 0;
}

static int set_text(const struct setting *s, char *place, const char *value, struct ux_ext_ack *ext)
{
	size_t len = strlen(value);

	if (len < s->min || len >= s->max)
		return ux_fail_fmt(ext, EINVAL, NULL, "%s: must have %u to %u characters", s->name,
				   s->min, s->max - 1);
	memcpy(place, value, len + 1);
	return 0;
}

static int set_level(const struct setting *s, void *place, const char *value,
		     struct ux_ext_ack *ext)
{
	int level = ux_log_level_parse(value);

	if (level < 0)
		return ux_fail_fmt(ext, EINVAL, NULL,
				   "%s: must be err, warning, notice, info or debug", s->name);
	memcpy(place, &level, sizeof(level));
	return 0;
}

static int set_labels(const struct setting *s, void *place, const char *value,
		      struct ux_ext_ack *ext)
{
	static const char *const words[] = {
	    [UX_LABELS_AUTO] = "auto", [UX_LABELS_ON] = "on", [UX_LABELS_OFF] = "off"};

	for (enum ux_labels_setting i = UX_LABELS_AUTO; i <= UX_LABELS_OFF; i++) {
		if (strcmp(value, words[i]) == 0) {
			memcpy(place, &i, sizeof(i));
			return 0;
		}
	}
	return ux_fail_fmt(ext, EINVAL, NULL, "%s: must be auto, on or off", s->name);
}

static int set_crypto(const struct setting *s, void *place, const char *value,
		      struct ux_ext_ack *ext)
{
	enum ux_crypto_choice choice;
	int number;

	if (!ux_crypto_choice_parse(value, &choice))
		return ux_fail_fmt(ext, EINVAL, NULL, "%s: must be auto, openssl or ipsec-mb",
				   s->name);
	number = (int)choice;
	memcpy(place, &number, sizeof(number));
	return 0;
}

static int set_underlay(const struct setting *s, void *place, const char *value,
			struct ux_ext_ack *ext)
{
	static const char *const words[] = {
	    [UX_UNDERLAY_RAW] = "raw", [UX_UNDERLAY_XDP] = "xdp", [UX_UNDERLAY_AUTO] = "auto"};

	for (enum ux_underlay_setting i = UX_UNDERLAY_RAW; i <= UX_UNDERLAY_AUTO; i++) {
		if (strcmp(value, words[i]) == 0) {
			memcpy(place, &i, sizeof(i));
			return 0;
		}
	}
	return ux_fail_fmt(ext, EINVAL, NULL, "%s: must be raw, xdp or auto", s->name);
}

static int set_capture(const struct setting *s, void *place, const char *value,
		       struct ux_ext_ack *ext)
{
	const enum ux_capture_setting capture =
	    strcmp(value, "tc") == 0 ? UX_CAPTURE_TC : UX_CAPTURE_ROUTES;

	if (capture == UX_CAPTURE_ROUTES && strcmp(value, "routes") != 0)
		return ux_fail_fmt(ext, EINVAL, NULL, "%s: must be routes or tc", s->name);
	memcpy(place, &capture, sizeof(capture));
	return 0;
}

static int set_cpus(const struct setting *s, char *place, const char *value, struct ux_ext_ack *ext)
{
	int cpus[UX_WORKERS_CPUS_MAX];
	struct ux_ext_ack why = {0};
	uint32_t n;

	if (ux_worker_cpus_parse(value, cpus, UX_WORKERS_CPUS_MAX, &n, &why) < 0)
		return ux_fail_fmt(ext, EINVAL, NULL, "%s: %s", s->name, why.msg);
	return set_text(s, place, value, ext);
}

int ux_config_set(struct ux_config *config, const char *section, const char *name,
		  const char *value, struct ux_ext_ack *ext)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct setting *s = &settings[i];
		char *place = (char *)config + s->offset;

		if (strcmp(s->section, section) || strcmp(s->name, name))
			continue;
		switch (s->kind) {
		case SETTING_BOOL:
			return set_bool(s, place, value, ext);
		case SETTING_TEXT:
			return set_text(s, place, value, ext);
		case SETTING_LEVEL:
			return set_level(s, place, value, ext);
		case SETTING_LABELS:
			return set_labels(s, place, value, ext);
		case SETTING_CRYPTO:
			return set_crypto(s, place, value, ext);
		case SETTING_UNDERLAY:
			return set_underlay(s, place, value, ext);
		case SETTING_CAPTURE:
			return set_capture(s, place, value, ext);
		case SETTING_CPUS:
			return set_cpus(s, place, value, ext);
		default:
			return set_number(s, place, value, ext);
		}
	}
	return ux_fail_fmt(ext, EINVAL, NULL, "[%s] %s: no such setting", section, name);
}

struct reading {
	struct ux_config *config;
	struct ux_ext_ack ext;
};

static int on_setting(void *opaque, const char *section, const char *name, const char *value)
{
	struct reading *r = opaque;
	struct ux_ext_ack ext = {0};

	/* inih goes on after an error and reports the first line; so does the text. */
	if (ux_config_set(r->config, section, name, value, &ext) == 0)
		return 1;
	if (!r->ext.msg[0])
		r->ext = ext;
	return 0;
}

int ux_config_read(struct ux_config *config, const char *path, struct ux_ext_ack *ext)
{
	struct reading r = {.config = config};
	FILE *file = fopen(path, "re");
	int line;

	if (!file)
		return ux_fail_fmt(ext, errno, NULL, "cannot read %s", path);
	line = ini_parse_file(file, on_setting, &r);
	fclose(file);
	if (line != 0)
		return ux_fail_fmt(ext, EINVAL, NULL, "line %d: %s", line,
				   r.ext.msg[0] ? r.ext.msg : "syntax error");
	return 0;
}
