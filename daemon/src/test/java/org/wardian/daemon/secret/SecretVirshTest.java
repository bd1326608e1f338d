package org.wardian.daemon.secret;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.daemon.storage.StorageHost;
import org.wardian.daemon.storage.Virsh;
import org.wardian.definition.secret.SecretDefinition;

/** Secrets as virsh handles them. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class SecretVirshTest {
  private static final String ID = "4f1c4af0-1111-2222-3333-444444444444";

  @TempDir private Path folder;
  private StorageHost host;
  private Virsh virsh;

  @BeforeEach
  void start() throws Exception {
    host = new StorageHost(folder);
    virsh = new Virsh(host.uri());
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private String secret(String name, String attributes, String usage) throws Exception {
    return Files.writeString(
            folder.resolve(name),
            "<secret " + attributes + "><uuid>" + ID + "</uuid>" + usage + "</secret>")
        .toString();
  }

  private String volume(String name, String attributes) throws Exception {
    return secret(name, attributes, "<usage type='volume'><volume>/v/a</volume></usage>");
  }

  private Path value() {
    return folder.resolve("etc/secrets/" + ID + ".base64");
  }

  @Test
  void aValueIsKeptForTheDaemonAlone() throws Exception {
    String xml = volume("a.xml", "ephemeral='no' private='no'");
    List<String> said =
        virsh.all(
            List.of(
                "secret-define " + xml,
                "secret-get-value " + ID,
                "secret-set-value " + ID + " Zm9v",
                "secret-get-value " + ID,
                "secret-get-value --plain " + ID,
                "secret-list",
                "secret-dumpxml " + ID));
    assertThat(said.get(1)).contains("Secret not found: secret '" + ID + "' does not have a value");
    assertThat(said.get(3)).isEqualTo("Zm9v");
    assertThat(said.get(4)).isEqualTo("foo");
    assertThat(said.get(5)).containsPattern(ID + " +volume /v/a");
    assertThat(said.get(6)).contains("<volume>/v/a</volume>").doesNotContain("Zm9v");
    assertThat(Files.getPosixFilePermissions(value()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(value()).hasContent("Zm9v");
    assertThat(virsh.readOnly().refused("secret-get-value " + ID))
        .contains("operation forbidden: read only access prevents virSecretGetValue");
    assertThat(host.secrets().value(SecretDefinition.Usage.VOLUME, "/v/a"))
        .isEqualTo("foo".getBytes(StandardCharsets.UTF_8));

    host.close();
    host = new StorageHost(folder);
    assertThat(virsh.printed("secret-get-value " + ID)).isEqualTo("Zm9v");
    virsh.printed("secret-undefine " + ID);
    assertThat(value()).doesNotExist();
    assertThat(virsh.printed("secret-list")).isEmpty();
  }

  @Test
  void aPrivateOneIsForNoClient() throws Exception {
    virsh.all(
        List.of(
            "secret-define " + volume("p.xml", "private='yes'"),
            "secret-set-value " + ID + " Zm9v"));
    assertThat(virsh.refused("secret-get-value " + ID)).contains("secret is private");
    assertThat(host.secrets().value(UUID.fromString(ID))).hasSize(3);
    assertThat(virsh.refused("secret-define " + volume("q.xml", "private='no'")))
        .contains("cannot change private flag on existing secret");
  }

  @Test
  void anEphemeralOneLeavesNoFile() throws Exception {
    virsh.all(
        List.of(
            "secret-define " + volume("e.xml", "ephemeral='yes'"),
            "secret-set-value " + ID + " Zm9v"));
    assertThat(virsh.printed("secret-get-value " + ID)).isEqualTo("Zm9v");
    assertThat(value()).doesNotExist();
    assertThat(folder.resolve("etc/secrets/" + ID + ".xml")).doesNotExist();
    host.close();
    host = new StorageHost(folder);
    assertThat(virsh.printed("secret-list")).isEmpty();
  }

  @Test
  void oneUseHasOneSecret() throws Exception {
    virsh.printed("secret-define " + volume("a.xml", ""));
    Path other =
        Files.writeString(
            folder.resolve("o.xml"),
            "<secret><usage type='volume'><volume>/v/a</volume></usage></secret>");
    assertThat(virsh.refused("secret-define " + other))
        .contains("a secret with UUID " + ID + " already defined for use with /v/a");
    assertThat(
            virsh.refused(
                "secret-define " + secret("b.xml", "", "<usage type='tls'><name>n</name></usage>")))
        .contains("a secret with UUID " + ID + " is already defined for use with /v/a");
    assertThat(virsh.refused("secret-define " + secret("c.xml", "private='perhaps'", "")))
        .contains("XML error: invalid value of 'private'");
  }

  @Test
  void eventsTellWhatHappens() throws Exception {
    CompletableFuture<String> defined = new CompletableFuture<>();
    CompletableFuture<String> changed = new CompletableFuture<>();
    String xml = volume("a.xml", "");
    virsh.printed("secret-define " + xml);
    listen("secret-event --event lifecycle", defined);
    listen("secret-event --event value-changed", changed);
    while (!defined.isDone() || !changed.isDone()) {
      virsh.all(List.of("secret-define " + xml, "secret-set-value " + ID + " Zm9v"));
    }
    assertThat(defined.get()).contains("event 'lifecycle' for secret " + ID + ": Defined");
    assertThat(changed.get()).contains("event 'value-changed' for secret " + ID);
  }

  private void listen(String command, CompletableFuture<String> seen) {
    Thread.startVirtualThread(() -> {
      try {
        seen.complete(virsh.printed(command));
      } catch (Exception | AssertionError e) {
        seen.completeExceptionally(e);
      }
    });
  }
}
