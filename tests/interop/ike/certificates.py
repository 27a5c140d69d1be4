# SPDX-License-Identifier: BSD-2-Clause
"""A certificate authority for one scenario, by openssl."""
import os

from lab.namespaces import run

EXTENSIONS = "subjectAltName=DNS:{name}"


def make(directories):
    """@directories: {end: the folder swanctl reads}. Each gets the CA, and a certificate for END.example."""
    first = next(iter(directories.values()))
    ca_key, ca = os.path.join(first, "ca.key"), os.path.join(first, "x509ca", "ca.pem")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run(["openssl", "req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", "2", "-subj", "/CN=ca"])
    for end, directory in directories.items():
        name = f"{end}.example"
        key, request = os.path.join(directory, "private", "host.pem"), os.path.join(directory, "request")
        extensions = os.path.join(directory, "extensions")
        with open(extensions, "w", encoding="ascii") as file:
            file.write(EXTENSIONS.format(name=name))
        run(["openssl", "req", *curve, "-keyout", key, "-out", request, "-subj", f"/CN={name}"])
        run(["openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2",
             "-extfile", extensions, "-out", os.path.join(directory, "x509", "host.pem")])
        if directory != first:
            with open(ca, "rb") as source, open(os.path.join(directory, "x509ca", "ca.pem"), "wb") as copy:
                copy.write(source.read())
