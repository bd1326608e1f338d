package org.wardian.libvirt.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.libvirt.client.Tool;

/** An authority, a daemon and a client of its own, and a client of another authority. */
final class TestCertificates {
  private final Path folder;

  TestCertificates(Path folder) throws Exception {
    this.folder = folder;
    Tool.require("openssl", "openssl");
    authority("ca");
    authority("other");
    signed("ca", "server", "subjectAltName=IP:127.0.0.1,DNS:localhost", "serverAuth");
    signed("ca", "client", "subjectAltName=DNS:client.example", "clientAuth");
    signed("other", "stranger", "subjectAltName=DNS:stranger.example", "clientAuth");
    // As libvirt's tools look for them in one folder.
    flat("good", "client");
    flat("bad", "stranger");
  }

  private void openssl(String... words) throws IOException, InterruptedException {
    String[] command = new String[words.length + 1];
    command[0] = "openssl";
    System.arraycopy(words, 0, command, 1, words.length);
    Tool.succeed(command);
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private void key(String name) throws Exception {
    if (name.equals("client")) {
      // An RSA key in the old form, PKCS #1, as certtool writes it.
      openssl("genrsa", "-traditional", "-out", path(name + ".key"), "2048");
    } else {
      openssl(
          "genpkey",
          "-algorithm",
          "EC",
          "-pkeyopt",
          "ec_paramgen_curve:P-256",
          "-out",
          path(name + ".key"));
    }
  }

  private void authority(String name) throws Exception {
    key(name);
    openssl(
        "req",
        "-x509",
        "-new",
        "-key",
        path(name + ".key"),
        "-days",
        "2",
        "-subj",
        "/CN=" + name,
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
        "-out",
        path(name + ".pem"));
  }

  private void signed(String authority, String name, String names, String purpose)
      throws Exception {
    key(name);
    Path extensions =
        Files.writeString(
            folder.resolve(name + ".ext"),
            names
                + "\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage="
                + purpose
                + "\nbasicConstraints=CA:FALSE\n");
    openssl(
        "req",
        "-new",
        "-key",
        path(name + ".key"),
        "-subj",
        "/O=Wardian/CN=" + name,
        "-out",
        path(name + ".csr"));
    openssl(
        "x509",
        "-req",
        "-in",
        path(name + ".csr"),
        "-CA",
        path(authority + ".pem"),
        "-CAkey",
        path(authority + ".key"),
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        extensions.toString(),
        "-out",
        path(name + ".pem"));
  }

  private void flat(String name, String owner) throws IOException {
    Path target = Files.createDirectory(folder.resolve(name));
    Files.copy(folder.resolve("ca.pem"), target.resolve("cacert.pem"));
    Files.copy(folder.resolve(owner + ".pem"), target.resolve("clientcert.pem"));
    Files.copy(folder.resolve(owner + ".key"), target.resolve("clientkey.pem"));
  }

  Path authority() {
    return folder.resolve("ca.pem");
  }

  Path certificate(String name) {
    return folder.resolve(name + ".pem");
  }

  Path privateKey(String name) {
    return folder.resolve(name + ".key");
  }

  Path flatFolder(String name) {
    return folder.resolve(name);
  }

  TlsIdentity identity(String name) throws IOException {
    return TlsIdentity.of(authority(), certificate(name), privateKey(name));
  }
}
