/* SPDX-License-Identifier: BSD-2-Clause */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "crypto/settings.h"
#include "daemon/config.h"

static const char *write_file(const char *text)
{
	static char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/uxfrm-config-%d", (int)getpid());
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	return path;
}

static void defaults(void **state)
{
	struct ux_config c;

	ux_config_init(&c);
	assert_int_equal(c.grace_ms, 2000);
	assert_int_equal(c.tun_mtu, 1500);
	assert_true(c.fail_closed);
	assert_int_equal(c.fwmark, 0x10000000);
	assert_true(c.ports);
	assert_int_equal(c.max_acquire, 4096);
	assert_int_equal(c.max_flows, 1 << 20);
	assert_int_equal(c.poll_us, 0);
	assert_int_equal(c.ready_fd, -1);
}

static void file_is_read(void **state)
{
	struct ux_ext_ack ext = {0};
	struct ux_config c;

	ux_config_init(&c);
	assert_int_equal(
	    ux_config_read(&c,
			   write_file("[daemon]\ngrace_ms = 0\nlog_level = debug\n"
				      "strict_templates = yes\nmax_acquire = 9\nmax_flows = 5000\npoll_us = 1000\nlabels = on\ncrypto = openssl\ncrypto_keys = 100\nidle_s = 7\n[ports]\n"
				      "capture = tc\nunderlay = auto\nxdp_devices = eth0, eth1\nfwmark = 0x40\n"
				      "tun_name = vpn0\n; a comment\nports = no\n"),
			   &ext),
	    0);
	assert_int_equal(c.grace_ms, 0);
	assert_int_equal(c.log_level, LOG_DEBUG);
	assert_true(c.strict_templates);
	assert_int_equal(c.max_acquire, 9);
	assert_int_equal(c.max_flows, 5000);
	assert_int_equal(c.poll_us, 1000);
	assert_int_equal(c.labels, UX_LABELS_ON);
	assert_int_equal(c.crypto, UX_CRYPTO_OPENSSL);
	assert_int_equal(c.crypto_keys, 100);
	assert_int_equal(c.capture, UX_CAPTURE_TC);
	assert_int_equal(c.underlay, UX_UNDERLAY_AUTO);
	assert_string_equal(c.xdp_devices, "eth0, eth1");
	assert_int_equal(c.idle_s, 7);
	assert_int_equal(c.fwmark, 0x40);
	assert_string_equal(c.tun_name, "vpn0");
	assert_false(c.ports);
}

static void wrong_settings(void **state)
{
	static const struct {
		const char *section, *name, *value, *text;
	} rows[] = {
	    {"daemon", "grace_ms", "soon", "grace_ms: not a number"},
	    {"daemon", "grace_ms", "-1", "grace_ms: not a number"},
	    {"daemon", "grace_ms", "", "grace_ms: not a number"},
	    {"daemon", "grace_ms", "10x", "grace_ms: not a number"},
	    {"daemon", "grace_ms", "99999999999", "grace_ms: must be from 0 to 3600000"},
	    {"daemon", "strict_templates", "maybe", "strict_templates: must be yes or no"},
	    {"daemon", "hold_ms", "10001", "hold_ms: must be from 0 to 10000"},
	    {"daemon", "hold_bytes", "1", "hold_bytes: must be from 65536 to 1073741824"},
	    {"daemon", "poll_us", "1001", "poll_us: must be from 0 to 1000"},
	    {"daemon", "poll_us", "-1", "poll_us: not a number"},
	    {"daemon", "strict", "2", "strict: must be yes or no"},
	    {"daemon", "log_level", "loud",
	     "log_level: must be err, warning, notice, info or debug"},
	    {"daemon", "labels", "yes", "labels: must be auto, on or off"},
	    {"daemon", "crypto", "libcrypto", "crypto: must be auto, openssl or ipsec-mb"},
	    {"daemon", "crypto_keys", "1", "crypto_keys: must be from 16 to 1048576"},
	    {"ports", "capture", "bpf", "capture: must be routes or tc"},
    {"ports", "underlay", "dpdk", "underlay: must be raw, xdp or auto"},
	    {"ports", "fwmark", "3", "fwmark: must be a single bit"},
	    {"ports", "fwmark", "0", "fwmark: must be from 1 to 4294967295"},
	    {"ports", "tun_mtu", "1279", "tun_mtu: must be from 1280 to 65535"},
	    {"ports", "tun_name", "", "tun_name: must have 1 to 15 characters"},
	    {"ports", "tun_name", "a-name-of-16-cha", "tun_name: must have 1 to 15 characters"},
	    {"ports", "grace_ms", "1", "[ports] grace_ms: no such setting"},
	};
	struct ux_config before, c;

	ux_config_init(&before);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ux_ext_ack ext = {0};

		ux_config_init(&c);
		assert_int_equal(
		    ux_config_set(&c, rows[i].section, rows[i].name, rows[i].value, &ext), -EINVAL);
		assert_string_equal(ext.msg, rows[i].text);
		assert_memory_equal(&c, &before, sizeof(c));
	}
}

static void wrong_file(void **state)
{
	struct ux_ext_ack ext = {0};
	struct ux_config c;

	ux_config_init(&c);
	assert_int_equal(
	    ux_config_read(&c, write_file("[daemon]\ngrace_ms = 1\ntable = 7\n"), &ext), -EINVAL);
	assert_string_equal(ext.msg, "line 3: [daemon] table: no such setting");
	assert_int_equal(ux_config_read(&c, "/nonexistent/uxfrmd.conf", &ext), -ENOENT);
}

static void arguments(void **state)
{
	char *file =
	    (char *)(uintptr_t)write_file("[daemon]\ngrace_ms = 5\n[ports]\ntun_mtu = 1400\n");
	char *argv[] = {"uxfrmd", "--grace-ms", "7",  "-f", "--on-demand", "--ready-fd",
			"9",	  "--no-ports", "-c", file, NULL};
	char *bad[] = {"uxfrmd", "-c", file, "--nonsense", NULL};
	char *missing[] = {"uxfrmd", "-c", "/nonexistent/uxfrmd.conf", NULL};
	char *extra[] = {"uxfrmd", "-c", file, "start", NULL};
	struct ux_ext_ack ext = {0};
	struct ux_config c;

	ux_config_init(&c);
	assert_int_equal(ux_config_parse_args(&c, 10, argv, &ext), 0);
	assert_int_equal(c.grace_ms,
			 7); /* the command line overrules the file, whatever the order */
	assert_int_equal(c.tun_mtu, 1400);
	assert_true(c.foreground && c.on_demand && !c.ports);
	assert_int_equal(c.ready_fd, 9);
	assert_int_equal(ux_config_parse_args(&c, 4, bad, &ext), -EINVAL);
	assert_int_equal(ux_config_parse_args(&c, 3, missing, &ext), -ENOENT);
	assert_int_equal(ux_config_parse_args(&c, 4, extra, &ext), -EINVAL);
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),	      cmocka_unit_test(file_is_read),
	    cmocka_unit_test(wrong_settings), cmocka_unit_test(wrong_file),
	    cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
