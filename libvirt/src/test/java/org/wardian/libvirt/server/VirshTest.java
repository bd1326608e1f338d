package org.wardian.libvirt.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.client.Tool;
import org.wardian.libvirt.memory.MemoryHost;
import org.wardian.libvirt.sasl.DigestCredential;
import org.wardian.libvirt.sasl.DigestServer;
import org.wardian.libvirt.sasl.ScramCredential;
import org.wardian.libvirt.sasl.ScramServer;

/** Debian's virsh, unmodified, with our server. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class VirshTest {
  @TempDir private Path folder;
  private final MemoryHost host = new MemoryHost();
  private Server server;
  private Path virsh;

  @BeforeEach
  void start() throws Exception {
    virsh = Tool.require("virsh", "libvirt-clients");
    server =
        host.server(
            new Server.Settings(host)
                .mechanisms(
                    List.of(
                        new ScramServer(Map.of("fred", ScramCredential.of("secret"))::get),
                        new DigestServer(
                            Map.of("fred", DigestCredential.of("fred", "secret"))::get))));
    serve("socket", AuthenticationType.NONE);
    host.domains().define("<domain type='kvm'><name>first</name></domain>");
    host.domains().define("<domain type='kvm'><name>second</name></domain>");
  }

  private void serve(String name, AuthenticationType type) throws Exception {
    server.serve(
        new UnixService(
            folder.resolve(name),
            PosixFilePermissions.fromString("rwx------"),
            false,
            List.of(type)));
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private Tool.Result virsh(String... words) throws Exception {
    return virsh(Map.of(), "socket", words);
  }

  private Tool.Result virsh(Map<String, String> environment, String socket, String... words)
      throws Exception {
    return virshAt(environment, "qemu+unix:///system?socket=" + folder.resolve(socket), words);
  }

  private Tool.Result virshAt(Map<String, String> environment, String uri, String... words)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(virsh.toString(), "-q", "-c", uri));
    command.addAll(Arrays.asList(words));
    return Tool.run(environment, command);
  }

  private String printed(String... words) throws Exception {
    Tool.Result result = virsh(words);
    assertThat(result.status()).as(result.text()).isZero();
    return result.text();
  }

  @Test
  void domainsAreListedStartedAndStopped() throws Exception {
    assertThat(printed("version")).contains("Running hypervisor: QEMU 7.2.0");
    assertThat(printed("list", "--all").lines().map(line -> line.strip().split("\\s+")[1]))
        .containsExactly("first", "second");
    assertThat(printed("list")).isBlank();
    printed("start", "first");
    assertThat(printed("list").strip()).matches("1\\s+first\\s+running");
    assertThat(printed("domstate", "first").strip()).isEqualTo("running");
    assertThat(printed("dominfo", "first"))
        .contains("State:          running", "Max memory:     1048576 KiB");
    assertThat(printed("memtune", "first")).contains("hard_limit     : 1048576");
    printed("memtune", "first", "--hard-limit", "2097152");
    assertThat(printed("memtune", "first")).contains("hard_limit     : 2097152");
    printed("destroy", "first");
    assertThat(printed("domstate", "first").strip()).isEqualTo("shut off");
    Path xml =
        Files.writeString(folder.resolve("third.xml"), "<domain><name>third</name></domain>");
    printed("define", xml.toString());
    printed("undefine", "third");
    assertThat(printed("nodeinfo")).contains("CPU model:           x86_64");
    assertThat(printed("hostname").strip()).isEqualTo("memory.example");
  }

  @Test
  void errorsReadAsLibvirts() throws Exception {
    Tool.Result none = virsh("dumpxml", "none");
    assertThat(none.status()).isNotZero();
    assertThat(none.text()).contains("failed to get domain 'none'");
    Tool.Result twice = virsh("destroy", "first");
    assertThat(twice.text()).contains("Requested operation is not valid: domain is not running");
    Tool.Result missing = virsh("freecell");
    assertThat(missing.text())
        .contains("this function is not supported by the connection driver: virNodeGetFreeMemory");
    Tool.Result denied = virsh("-r", "start", "first");
    assertThat(denied.text())
        .contains("operation forbidden: read only access prevents virDomainCreate");
  }

  @Test
  void eventsAreSeen() throws Exception {
    CompletableFuture<String> seen = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try {
        seen.complete(printed("event", "--domain", "first", "--event", "lifecycle"));
      } catch (Exception e) {
        seen.completeExceptionally(e);
      }
    });
    while (!seen.isDone()) {
      // It takes a moment until virsh listens; each round is an event for it.
      printed("start", "first");
      printed("destroy", "first");
    }
    assertThat(seen.get()).containsPattern("event 'lifecycle' for domain '?first'?:");
  }

  @Test
  void volumesGoBothWays() throws Exception {
    Path xml = Files.writeString(folder.resolve("v.xml"), "<volume><name>v</name></volume>");
    byte[] content = new byte[4_000_000];
    new SplittableRandom(2).nextBytes(content);
    Arrays.fill(content, 1_000_000, 3_000_000, (byte) 0);
    Path data = Files.write(folder.resolve("data"), content);
    Path back = folder.resolve("back");
    printed("vol-create", "memory", xml.toString());
    for (String[] how : new String[][] {{}, {"--sparse"}}) {
      List<String> up = new ArrayList<>(List.of("vol-upload", "v", data.toString()));
      List<String> down = new ArrayList<>(List.of("vol-download", "v", back.toString()));
      up.addAll(List.of("--pool", "memory"));
      down.addAll(List.of("--pool", "memory"));
      up.addAll(Arrays.asList(how));
      down.addAll(Arrays.asList(how));
      printed(up.toArray(String[]::new));
      Files.deleteIfExists(back);
      printed(down.toArray(String[]::new));
      assertThat(Files.readAllBytes(back)).isEqualTo(content);
    }
    Path picture = folder.resolve("picture");
    printed("screenshot", "first", picture.toString());
    assertThat(picture).hasContent("a picture");
  }

  @Test
  void aPasswordIsAskedForByScram() throws Exception {
    Tool.require("virsh", "libvirt-clients");
    serve("sasl", AuthenticationType.SASL);
    Path good = authFile("good", "secret");
    Path bad = authFile("bad", "guess");

    Tool.Result in = virsh(Map.of("LIBVIRT_AUTH_FILE", good.toString()), "sasl", "list", "--all");
    assertThat(in.text()).contains("first");
    assertThat(in.status()).isZero();
    Tool.Result out = virsh(Map.of("LIBVIRT_AUTH_FILE", bad.toString()), "sasl", "list");
    assertThat(out.status()).isNotZero();
    assertThat(out.text()).contains("authentication failed");
  }

  /** libvirt's library wants what is sent over plain TCP encrypted by the mechanism itself. */
  @Test
  void plainTcpIsEncryptedByDigestMd5() throws Exception {
    Tool.require("virsh", "libvirt-clients");
    TcpService tcp =
        new TcpService(
            new InetSocketAddress("127.0.0.1", 0), null, List.of(AuthenticationType.SASL));
    server.serve(tcp);
    String uri = "qemu+tcp://127.0.0.1:" + tcp.port() + "/system";
    Map<String, String> good = Map.of("LIBVIRT_AUTH_FILE", authFile("good", "secret").toString());
    Map<String, String> bad = Map.of("LIBVIRT_AUTH_FILE", authFile("bad", "guess").toString());
    assertThat(virshAt(bad, uri, "list").text()).contains("authentication failed");

    // Answers of many buffers.
    for (int i = 0; i < 3_000; i++) {
      host.domains().define("<domain type='kvm'><name>leaf%04d</name></domain>".formatted(i));
    }
    Tool.Result list = virshAt(good, uri, "list", "--all", "--name");
    assertThat(list.status()).as(list.text()).isZero();
    assertThat(list.text().lines()).contains("first", "leaf0000", "leaf2999");

    byte[] content = new byte[3_000_000];
    new SplittableRandom(6).nextBytes(content);
    Arrays.fill(content, 1_000_000, 1_500_000, (byte) 0);
    Path data = Files.write(folder.resolve("data"), content);
    Path back = folder.resolve("back");
    Path xml = Files.writeString(folder.resolve("v.xml"), "<volume><name>v</name></volume>");
    CompletableFuture<String> seen = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try {
        seen.complete(virshAt(good, uri, "event", "--event", "lifecycle").text());
      } catch (Exception e) {
        seen.completeExceptionally(e);
      }
    });
    String all =
        "vol-create memory %1$s; vol-upload v %2$s memory; vol-download v %3$s memory"
            .formatted(xml, data, back);
    Tool.Result went = virshAt(good, uri, all);
    assertThat(went.status()).as(went.text()).isZero();
    assertThat(Files.readAllBytes(back)).isEqualTo(content);
    Tool.Result sparse =
        virshAt(good, uri, "vol-download", "v", back.toString(), "memory", "--sparse");
    assertThat(sparse.status()).as(sparse.text()).isZero();
    assertThat(Files.readAllBytes(back)).isEqualTo(content);
    while (!seen.isDone()) {
      printed("start", "first");
      printed("destroy", "first");
    }
    assertThat(seen.get()).containsPattern("event 'lifecycle' for domain '?first'?:");
  }

  private Path authFile(String name, String password) throws Exception {
    return Files.write(
        folder.resolve(name),
        List.of(
            "[credentials-" + name + "]",
            "username=fred",
            "authname=fred",
            "password=" + password,
            "[auth-libvirt-default]",
            "credentials=" + name,
            "[auth-libvirt-127.0.0.1]",
            "credentials=" + name,
            "[auth-libvirt-localhost]",
            "credentials=" + name));
  }
}
