"""A certificate authority for one run, made with openssl."""

import os

from .processes import run


class Authority:
    """Signs server and client certificates; all files lie in one directory."""

    def __init__(self, directory, name="headroom-e2e"):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        self.certificate = os.path.join(directory, "ca.crt")
        self._key = os.path.join(directory, "ca.key")
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
             "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.certificate])

    def issue(self, name, common_name, organization=None, addresses=(), hosts=()):
        """Returns (certificate file, key file). Serves as server and client certificate alike."""
        certificate = os.path.join(self.directory, name + ".crt")
        key = os.path.join(self.directory, name + ".key")
        request = os.path.join(self.directory, name + ".csr")
        extensions = os.path.join(self.directory, name + ".ext")
        subject = (f"/O={organization}" if organization else "") + f"/CN={common_name}"
        names = [f"IP:{a}" for a in addresses] + [f"DNS:{h}" for h in hosts]
        with open(extensions, "w", encoding="utf-8") as out:
            out.write("extendedKeyUsage=serverAuth,clientAuth\n")
            if names:
                out.write("subjectAltName=" + ",".join(names) + "\n")
        run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
             "-keyout", key, "-out", request])
        run(["openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
             "-days", "30", "-extfile", extensions, "-out", certificate])
        return certificate, key

    def service_account_keys(self):
        """The key pair that kube-apiserver signs ServiceAccount tokens with: (private, public)."""
        private = os.path.join(self.directory, "sa.key")
        public = os.path.join(self.directory, "sa.pub")
        run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private])
        run(["openssl", "ec", "-in", private, "-pubout", "-out", public])
        return private, public
