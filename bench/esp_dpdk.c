/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DPDK's librte_ipsec, the same work without look-ups of SAs and policies: one SA each way, tunnel
 * header by template, ESN and window, crypto on the CPU in the aesni_gcm driver.
 */
#include "esp.h"

#ifdef HAVE_DPDK
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>

/* the library's headers shadow names and convert freely */
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wcast-align"
#include <rte_bus_vdev.h>
#include <rte_cryptodev.h>
#include <rte_eal.h>
#include <rte_ipsec.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "engine.h"

#define DRIVER "crypto_aesni_gcm0"
#define MBUF_ROOM (ESP_STRIDE + RTE_PKTMBUF_HEADROOM)
#define SPI 0x1000
#define WINDOW 1024
#define IV_OFFSET 0

struct direction {
	struct rte_ipsec_session session;
	struct rte_ipsec_sa *sa;
};

static struct {
	bool started;
	struct rte_mempool *mbufs, *sessions;
	struct rte_mbuf *packet[ESP_ROUND];
	struct direction out, in;
	uint32_t done; /* of the last call */
} dpdk;

static void start(void)
{
	static char *argv[] = {"esp",	   "--no-huge", "--no-pci",    "--no-shconf",
			       "-m",	   "256",	"--no-telemetry", "--log-level=critical",
			       "--vdev=" DRIVER, NULL};
	struct rte_cryptodev_config config = {.nb_queue_pairs = 1};
	struct rte_cryptodev_qp_conf queue = {.nb_descriptors = 64};
	int dev;

	if (rte_eal_init(sizeof(argv) / sizeof(argv[0]) - 1, argv) < 0)
		bench_die("DPDK does not start");
	dev = rte_cryptodev_get_dev_id(DRIVER);
	if (dev < 0 || rte_cryptodev_configure(dev, &config) < 0)
		bench_die("no aesni_gcm driver");
	dpdk.sessions = rte_cryptodev_sym_session_pool_create(
	    "sessions", 64, rte_cryptodev_sym_get_private_session_size(dev), 0, 0, 0);
	queue.mp_session = dpdk.sessions;
	if (!dpdk.sessions || rte_cryptodev_queue_pair_setup(dev, 0, &queue, 0) < 0 ||
	    rte_cryptodev_start(dev) < 0)
		bench_die("aesni_gcm does not start");
	dpdk.mbufs = rte_pktmbuf_pool_create("packets", ESP_ROUND * 2, 0, 0, MBUF_ROOM, 0);
	if (!dpdk.mbufs)
		bench_die("DPDK has no memory");
	for (uint32_t i = 0; i < ESP_ROUND; i++)
		dpdk.packet[i] = rte_pktmbuf_alloc(dpdk.mbufs);
	dpdk.started = true;
}

static void make_sa(struct direction *d, bool outbound)
{
	static uint8_t key[16] = {1, 2, 3};
	static struct iphdr header = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_ESP};
	struct rte_crypto_sym_xform aead = {
	    .type = RTE_CRYPTO_SYM_XFORM_AEAD,
	    .aead = {.op = outbound ? RTE_CRYPTO_AEAD_OP_ENCRYPT : RTE_CRYPTO_AEAD_OP_DECRYPT,
		     .algo = RTE_CRYPTO_AEAD_AES_GCM,
		     .key = {.data = key, .length = sizeof(key)},
		     .iv = {.offset = IV_OFFSET, .length = 12},
		     .digest_length = 16,
		     .aad_length = 12}};
	struct rte_ipsec_sa_prm prm = {
	    .ipsec_xform = {.spi = SPI,
			    .salt = 0x07070707,
			    .options = {.esn = 1},
			    .direction = outbound ? RTE_SECURITY_IPSEC_SA_DIR_EGRESS
						  : RTE_SECURITY_IPSEC_SA_DIR_INGRESS,
			    .proto = RTE_SECURITY_IPSEC_SA_PROTO_ESP,
			    .mode = RTE_SECURITY_IPSEC_SA_MODE_TUNNEL,
			    .tunnel = {.type = RTE_SECURITY_IPSEC_TUNNEL_IPV4},
			    .replay_win_sz = WINDOW},
	    .crypto_xform = &aead,
	    .tun = {.hdr_len = sizeof(header), .next_proto = IPPROTO_IPIP, .hdr = &header}};
	int size = rte_ipsec_sa_size(&prm);

	header.saddr = htonl(0xc6336401);
	header.daddr = htonl(0xc6336402);
	d->sa = size > 0 ? rte_zmalloc(NULL, size, RTE_CACHE_LINE_SIZE) : NULL;
	if (!d->sa || rte_ipsec_sa_init(d->sa, &prm, size) < 0)
		bench_die("librte_ipsec refuses the SA");
	d->session = (struct rte_ipsec_session){
	    .sa = d->sa, .type = RTE_SECURITY_ACTION_TYPE_CPU_CRYPTO};
	d->session.crypto.dev_id = rte_cryptodev_get_dev_id(DRIVER);
	d->session.crypto.ses =
	    rte_cryptodev_sym_session_create(d->session.crypto.dev_id, &aead, dpdk.sessions);
	if (!d->session.crypto.ses || rte_ipsec_session_prepare(&d->session) < 0)
		bench_die("librte_ipsec refuses the session");
}

static void dpdk_open(uint32_t n_sa)
{
	if (!dpdk.started)
		start();
	make_sa(&dpdk.out, true);
	make_sa(&dpdk.in, false);
}

static void dpdk_close(void)
{
	rte_ipsec_sa_fini(dpdk.out.sa);
	rte_ipsec_sa_fini(dpdk.in.sa);
	rte_free(dpdk.out.sa);
	rte_free(dpdk.in.sa);
}

static void dpdk_load(uint32_t i, uint32_t size, uint32_t sa)
{
	struct rte_mbuf *m = dpdk.packet[i];

	rte_pktmbuf_reset(m);
	m->data_off = ESP_HEADROOM;
	m->data_len = size;
	m->pkt_len = size;
	m->l3_len = sizeof(struct iphdr);
	esp_inner(rte_pktmbuf_mtod(m, uint8_t *), size, sa);
}

static void run(struct direction *d, uint32_t first, uint32_t n)
{
	struct rte_mbuf **packets = dpdk.packet + first;

	dpdk.done = rte_ipsec_pkt_cpu_prepare(&d->session, packets, (uint16_t)n);
	dpdk.done = rte_ipsec_pkt_process(&d->session, packets, (uint16_t)dpdk.done);
	if (dpdk.done != n)
		bench_die("librte_ipsec drops packets");
}

static void dpdk_encapsulate(uint32_t first, uint32_t n)
{
	run(&dpdk.out, first, n);
}

/* As a driver that has classified the packet sets the length of the header. */
static void dpdk_decapsulate(uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++) {
		dpdk.packet[i]->l2_len = 0;
		dpdk.packet[i]->l3_len = sizeof(struct iphdr);
	}
	run(&dpdk.in, first, n);
}

static bool dpdk_right(uint32_t size)
{
	for (uint32_t i = 0; i < ESP_ROUND; i++) {
		const struct rte_mbuf *m = dpdk.packet[i];

		if (m->data_len != size || !esp_inner_right(rte_pktmbuf_mtod(m, uint8_t *), size))
			return false;
	}
	return true;
}

static const struct esp_way way = {
    .name = "librte_ipsec",
    .open = dpdk_open,
    .close = dpdk_close,
    .load = dpdk_load,
    .encapsulate = dpdk_encapsulate,
    .decapsulate = dpdk_decapsulate,
    .right = dpdk_right,
};
const struct esp_way *const esp_dpdk = &way;
#else
const struct esp_way *const esp_dpdk = NULL;
#endif
