package org.wardian.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.domain.MachineLauncher;
import org.wardian.daemon.host.Hypervisor;
import org.wardian.daemon.network.Tool;
import org.wardian.definition.capabilities.Cpuid;
import org.wardian.libvirt.client.ConnectOptions;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.error.LibvirtException;

/**
 * The three roles as Debian's virsh meets them: by socket, by user and password over TCP
 * (SCRAM-SHA-256), by certificate over TLS; and what is written down of it.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class RolesTest {
  private static final String NETWORK = "<network><name>n</name><bridge name='wbn'/></network>";
  private static final String LOOKS_ONLY = "read only access prevents virNetworkCreate";
  private static final String MAY_NOT = "access denied: an operator may not call virNetworkDefine";

  // Short: a UNIX socket's path has 107 bytes.
  @TempDir private Path root;
  private Folders folders;
  private Daemon daemon;
  private Path document;

  @BeforeEach
  void prepare() throws Exception {
    Tool.require("virsh", "libvirt-clients");
    folders = Folders.under(root, true);
    document = Files.writeString(root.resolve("n.xml"), NETWORK);
    Files.createDirectories(folders.configuration());
  }

  private void open(String... settings) throws Exception {
    Files.writeString(
        folders.configuration().resolve(DaemonSettings.FILE), String.join("\n", settings) + "\n");
    daemon =
        Daemon.start(
            folders,
            DaemonSettings.load(folders, Optional.empty(), DaemonSettings.Overrides.NONE),
            new MachineLauncher(List.of("/bin/false"), "/usr/bin/ward"),
            new Hypervisor(
                "/usr/bin/ward", false, (leaf, subleaf) -> Cpuid.Registers.NONE, List.of()));
  }

  @AfterEach
  void stop() throws Exception {
    if (daemon != null) {
      virsh(unix("virtqemud-sock"), "net-destroy", "n");
      daemon.close();
    }
  }

  private String unix(String socket) {
    return "qemu+unix:///system?socket=" + folders.state().resolve(socket);
  }

  private String port(String kind) {
    return daemon.places().stream()
        .filter(place -> place.startsWith(kind + " port "))
        .map(place -> place.substring((kind + " port ").length()))
        .findFirst()
        .orElseThrow();
  }

  private static Tool.Result virsh(Map<String, String> environment, String uri, String... words)
      throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(Tool.require("virsh", "libvirt-clients").toString(), "-q", "-c", uri));
    command.addAll(List.of(words));
    return Tool.run(environment, command);
  }

  private static Tool.Result virsh(String uri, String... words) throws Exception {
    return virsh(Map.of(), uri, words);
  }

  /** A client and how it is told apart. */
  private record Client(Map<String, String> environment, String uri) {
    Tool.Result virsh(String... words) throws Exception {
      return RolesTest.virsh(environment, uri, words);
    }

    String printed(String... words) throws Exception {
      Tool.Result result = virsh(words);
      assertThat(result.status()).as(result.text()).isZero();
      return result.text();
    }

    String refused(String... words) throws Exception {
      Tool.Result result = virsh(words);
      assertThat(result.status()).as(result.text()).isNotZero();
      return result.text();
    }
  }

  /** Each role does what it may, and is refused the rest. */
  private void haveTheirRoles(Client administrator, Client operator, Client reader)
      throws Exception {
    administrator.printed("net-define", document.toString());
    assertThat(reader.printed("net-list", "--all", "--name")).contains("n");
    assertThat(reader.refused("net-start", "n")).contains(LOOKS_ONLY);
    operator.printed("net-start", "n");
    operator.printed("net-destroy", "n");
    assertThat(operator.refused("net-define", document.toString())).contains(MAY_NOT);
    assertThat(operator.refused("net-undefine", "n")).contains("access denied");
    administrator.printed("net-undefine", "n");
  }

  private List<JsonNode> audit() throws Exception {
    List<JsonNode> lines = new ArrayList<>();
    ObjectMapper json = new ObjectMapper();
    for (String line : Files.readAllLines(folders.log().resolve("wardiand-audit.log"))) {
      lines.add(json.readTree(line));
    }
    return lines;
  }

  private JsonNode line(String action, boolean done) throws Exception {
    return audit().stream()
        .filter(one -> one.path("action").asText().equals(action))
        .filter(one -> one.path("done").asBoolean() == done)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void bySocket() throws Exception {
    String user = Files.getAttribute(root, "unix:uid").toString();
    open();
    Client all = new Client(Map.of(), unix("libvirt-sock"));
    Client reader = new Client(Map.of(), unix("libvirt-sock-ro"));
    all.printed("net-define", document.toString());
    assertThat(reader.refused("net-start", "n")).contains(LOOKS_ONLY);
    JsonNode refused = line("NETWORK_CREATE", false);
    assertThat(refused.path("uid").asText()).isEqualTo(user);
    assertThat(refused.path("name").asText()).isEqualTo("n");
    assertThat(refused.path("error").asText()).contains(LOOKS_ONLY);
    daemon.close();
    open("uid_roles = [ \"" + user + "=operator\" ]");
    all.printed("net-start", "n");
    assertThat(all.refused("net-define", document.toString())).contains(MAY_NOT);
    assertThat(line("NETWORK_CREATE", true).path("uid").asText()).isEqualTo(user);
  }

  /** Where virsh finds a user's password. */
  private Map<String, String> passwordFile(String user, String password) throws Exception {
    Path file =
        Files.writeString(
            root.resolve(user + password + ".auth"),
            """
            [credentials-mine]
            username=%1$s
            authname=%1$s
            password=%2$s

            [auth-libvirt-default]
            credentials=mine
            """
                .formatted(user, password));
    return Map.of("LIBVIRT_AUTH_FILE", file.toString());
  }

  private Client withPassword(String user, String password) throws Exception {
    return new Client(
        passwordFile(user, password),
        "qemu+tls://127.0.0.1:" + port("tls") + "/system?pkipath=" + root.resolve("of-any"));
  }

  @Test
  void byUserAndPassword() throws Exception {
    Path plugins = Path.of("/usr/lib/x86_64-linux-gnu/sasl2/libscram.so");
    org.junit.jupiter.api.Assumptions.assumeTrue(
        Files.exists(plugins), "SCRAM is missing: install the package libsasl2-modules");
    SaslUsers users = new SaslUsers(folders.configuration().resolve("wardiand.users"));
    users.put("anna", "leaf", true);
    users.put("olaf", "root", true);
    users.put("rita", "stem", true);
    authority();
    certificate("any", "clientAuth");
    open(
        "listen_tls = 1",
        "tls_port = 0",
        "auth_tls = \"sasl\"",
        "certificates = \"" + root.resolve("pki") + "\"",
        "listen_tcp = 1",
        "tcp_port = 0",
        "sasl_roles = [ \"anna=administrator\", \"olaf=operator\" ]",
        "default_role = \"read-only\"",
        "uid_roles = [ \"0=administrator\" ]");
    withCertificate("any");
    haveTheirRoles(
        withPassword("anna", "leaf"), withPassword("olaf", "root"), withPassword("rita", "stem"));
    assertThat(withPassword("anna", "wrong").refused("list")).contains("authentication failed");
    assertThat(withPassword("nobody", "leaf").refused("list")).contains("authentication failed");
    JsonNode refused = line("NETWORK_DEFINE_XML", false);
    assertThat(refused.path("user").asText()).isEqualTo("olaf");
    assertThat(refused.path("code").asInt()).as("VIR_ERR_ACCESS_DENIED").isEqualTo(88);
    assertThat(line("NETWORK_DEFINE_XML", true).path("user").asText()).isEqualTo("anna");
    assertThat(line("NETWORK_CREATE", false).path("user").asText()).isEqualTo("rita");
    assertThat(Files.readString(folders.log().resolve("wardiand-audit.log")))
        .doesNotContain("leaf", "stem");
    overPlainTcp();
  }

  private static ConnectOptions password(String user, String password) {
    return ConnectOptions.DEFAULT.withCredentials(user, password);
  }

  /**
   * libvirt's own library uses SCRAM over TLS and UNIX sockets only: over TCP it wants a mechanism
   * that encrypts. So the client is ours here.
   */
  private void overPlainTcp() throws Exception {
    String uri = "qemu+tcp://127.0.0.1:" + port("tcp") + "/system";
    assertThat(withPassword("anna", "leaf").environment()).isNotEmpty();
    assertThat(virsh(withPassword("anna", "leaf").environment(), uri, "list").text())
        .contains("No worthy mechs found");
    try (Connection anna = Connection.open(uri, password("anna", "leaf"));
        Connection olaf = Connection.open(uri, password("olaf", "root"));
        Connection rita = Connection.open(uri, password("rita", "stem"))) {
      anna.defineNetwork(NETWORK);
      olaf.network("n").start();
      olaf.network("n").destroy();
      assertThatThrownBy(() -> olaf.defineNetwork(NETWORK)).hasMessageContaining(MAY_NOT);
      assertThatThrownBy(() -> rita.network("n").start()).hasMessageContaining(LOOKS_ONLY);
      anna.network("n").undefine();
    }
    assertThatThrownBy(() -> Connection.open(uri, password("anna", "wrong")).close())
        .isInstanceOf(LibvirtException.class)
        .hasMessageContaining("authentication failed");
  }

  /** With a mechanism that encrypts libvirt's own clients come over TCP, and have their roles. */
  @Test
  void byUserAndPasswordOverPlainTcp() throws Exception {
    Path plugins = Path.of("/usr/lib/x86_64-linux-gnu/sasl2/libdigestmd5.so");
    org.junit.jupiter.api.Assumptions.assumeTrue(
        Files.exists(plugins), "DIGEST-MD5 is missing: install the package libsasl2-modules");
    SaslUsers users = new SaslUsers(folders.configuration().resolve("wardiand.users"));
    users.put("anna", "leaf", true);
    users.put("olaf", "root", true);
    users.put("rita", "stem", true);
    users.put("otto", "bark", false);
    open(
        "sasl_mechanisms = [ \"SCRAM-SHA-256\", \"DIGEST-MD5\" ]",
        "listen_tcp = 1",
        "tcp_port = 0",
        "sasl_roles = [ \"anna=administrator\", \"olaf=operator\" ]",
        "default_role = \"read-only\"",
        "uid_roles = [ \"0=administrator\" ]");
    haveTheirRoles(overTcp("anna", "leaf"), overTcp("olaf", "root"), overTcp("rita", "stem"));
    for (Client refused :
        List.of(overTcp("anna", "wrong"), overTcp("nobody", "leaf"), overTcp("otto", "bark"))) {
      assertThat(refused.refused("list")).contains("authentication failed");
    }
    assertThat(line("NETWORK_DEFINE_XML", false).path("user").asText()).isEqualTo("olaf");
    assertThat(Files.readString(folders.configuration().resolve("wardiand.users")))
        .doesNotContain("leaf", "stem");
  }

  private Client overTcp(String user, String password) throws Exception {
    return new Client(
        passwordFile(user, password), "qemu+tcp://127.0.0.1:" + port("tcp") + "/system");
  }

  private void openssl(String words) throws Exception {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(words.split(" ")));
    Tool.Result result = Tool.run(Map.of(), command);
    assertThat(result.status()).as(words + ": " + result.text()).isZero();
  }

  private Path pki(String name) {
    return root.resolve("pki").resolve(name);
  }

  private void certificate(String name, String purpose) throws Exception {
    Path extensions =
        Files.writeString(
            pki(name + ".ext"),
            "subjectAltName=IP:127.0.0.1\nextendedKeyUsage="
                + purpose
                + "\nkeyUsage=critical,digitalSignature,keyEncipherment\n");
    openssl(
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /O=Wardian/CN=%s -keyout %s -out %s"
            .formatted(name, pki(name + ".key"), pki(name + ".csr")));
    openssl(
        "ca -config %s -batch -notext -in %s -out %s -extfile %s"
            .formatted(pki("ca.cnf"), pki(name + ".csr"), pki(name + ".pem"), extensions));
  }

  private Client withCertificate(String name) throws Exception {
    Path flat = Files.createDirectories(root.resolve("of-" + name));
    Files.copy(pki("CA/cacert.pem"), flat.resolve("cacert.pem"));
    Files.copy(pki(name + ".pem"), flat.resolve("clientcert.pem"));
    Files.copy(pki(name + ".key"), flat.resolve("clientkey.pem"));
    return new Client(Map.of(), "qemu+tls://127.0.0.1:" + port("tls") + "/system?pkipath=" + flat);
  }

  private void authority() throws Exception {
    Tool.require("openssl", "openssl");
    Files.createDirectories(pki("CA"));
    Files.createDirectories(pki("libvirt/private"));
    Files.createDirectories(pki("issued"));
    Files.writeString(pki("index"), "");
    Files.writeString(pki("serial"), "01\n");
    Files.writeString(pki("crlnumber"), "01\n");
    Files.writeString(
        pki("ca.cnf"),
        """
        [ca]
        default_ca = own
        [own]
        dir = %1$s
        database = %1$s/index
        serial = %1$s/serial
        crlnumber = %1$s/crlnumber
        new_certs_dir = %1$s/issued
        certificate = %1$s/CA/cacert.pem
        private_key = %1$s/ca.key
        default_md = sha256
        default_days = 2
        default_crl_days = 2
        policy = any
        [any]
        organizationName = optional
        commonName = supplied
        """
            .formatted(root.resolve("pki")));
    openssl(
        ("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority"
                + " -keyout %s -out %s -addext basicConstraints=critical,CA:TRUE -addext"
                + " keyUsage=critical,keyCertSign,cRLSign")
            .formatted(pki("ca.key"), pki("CA/cacert.pem")));
    certificate("server", "serverAuth");
    Files.copy(pki("server.pem"), pki("libvirt/servercert.pem"));
    Files.copy(pki("server.key"), pki("libvirt/private/serverkey.pem"));
  }

  @Test
  void byCertificate() throws Exception {
    authority();
    for (String name : List.of("anna", "olaf", "rita", "lost")) {
      certificate(name, "clientAuth");
    }
    openssl("ca -config %s -revoke %s".formatted(pki("ca.cnf"), pki("lost.pem")));
    openssl("ca -config %s -gencrl -out %s".formatted(pki("ca.cnf"), pki("CA/cacrl.pem")));
    open(
        "listen_tls = 1",
        "tls_port = 0",
        "certificates = \"" + root.resolve("pki") + "\"",
        "certificate_roles = [ \"CN=anna,O=Wardian=administrator\","
            + " \"CN=olaf,O=Wardian=operator\", \"CN=lost,O=Wardian=administrator\" ]",
        "default_role = \"read-only\"",
        "uid_roles = [ \"0=administrator\" ]");
    haveTheirRoles(withCertificate("anna"), withCertificate("olaf"), withCertificate("rita"));
    assertThat(line("NETWORK_DEFINE_XML", false).path("certificate").asText())
        .isEqualTo("CN=olaf,O=Wardian");
    assertThat(line("NETWORK_CREATE", false).path("certificate").asText())
        .isEqualTo("CN=rita,O=Wardian");
    // One that was revoked gets no further than its certificate.
    assertThat(withCertificate("lost").virsh("list").status()).isNotZero();
    assertThat(audit()).noneMatch(one -> one.path("certificate").asText().contains("lost"));
  }
}
