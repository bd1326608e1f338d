package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.cli.Failure;
import org.wardian.libvirt.client.Connection;

/** What {@code ward edit} objects to, with editors that are scripts. */
@EnabledOnOs(OS.LINUX)
class EditVerbTest {
  @TempDir private Path folder;
  private final List<String> objections = new ArrayList<>();
  private EchoHost host;
  private Connection connection;

  @BeforeEach
  void start() throws Exception {
    host = EchoHost.at(folder.resolve("sock"));
    connection = Connection.open(host.uri());
  }

  @AfterEach
  void stop() {
    connection.close();
    host.close();
  }

  /** Edits, and goes on editing until there have been {@code tries} objections. */
  private boolean edit(String editor, int tries) throws Exception {
    EditSession session =
        new EditSession(
            EditSession.editor(Map.of("EDITOR", editor)),
            new PrintWriter(new StringWriter()),
            objection -> {
              objections.add(objection);
              return objections.size() < tries;
            });
    return EditVerb.edit(connection, connection.domain("echo"), session);
  }

  private void refuses(String editor, String objection) {
    String before = host.xml();
    assertThatThrownBy(() -> edit(editor, 1))
        .isInstanceOfSatisfying(
            Failure.class,
            failure -> {
              Path file =
                  Path.of(failure.getMessage().replaceAll(".* is in ", "").split(",", 2)[0]);
              assertThat(file.toFile().delete()).isTrue();
            });
    assertThat(objections).hasSize(1).first().asString().contains(objection);
    assertThat(host.xml()).isEqualTo(before);
  }

  @Test
  void whatWasWrittenIsDefined() throws Exception {
    assertThat(edit("sed -i s/kvm/qemu/", 1)).isTrue();

    assertThat(host.xml()).startsWith("<domain type='qemu'>");
  }

  @Test
  void anotherNameIsNoEdit() {
    refuses("sed -i s/echo/other/", "'ward rename'");
  }

  @Test
  void anotherUuidIsNoEdit() {
    refuses("sed -i s/0000-0000/0000-0001/", "another machine");
  }

  @Test
  void whatIsNoDocumentIsNotSent() {
    refuses("sed -i s/.domain./x/", "line ");
  }

  @Test
  void theDaemonsObjectionLeadsBackToTheEditor() throws Exception {
    // Inserts what the daemon refuses where it is not yet, and takes it away where it is.
    String editor =
        "f() { grep -q bad \"$1\" && sed -i s/.bad..// \"$1\""
            + " || sed -i s/kvm/qemu/\\;3s,^,\\<bad/\\>, \"$1\"; }; f";

    assertThat(edit(editor, 9)).isTrue();

    assertThat(objections).hasSize(1).first().asString().contains("nobody wants <bad/>");
    assertThat(host.xml()).startsWith("<domain type='qemu'>").doesNotContain("bad");
  }

  @Test
  void aChangeOfAnotherIsNotUndone() throws Exception {
    host.xml(host.xml().replace("kvm", "xen"));
    String others = host.xml().replace("xen", "hvf");
    Path copy = folder.resolve("copy");
    refusesWithChange(copy, others);
  }

  private void refusesWithChange(Path copy, String others) throws InterruptedException {
    Thread other =
        Thread.startVirtualThread(() -> {
          while (!copy.toFile().exists()) {
            Thread.onSpinWait();
          }
          host.xml(others);
          assertThat(copy.toFile().delete()).isTrue();
        });
    // The editor waits until the other's change is made.
    assertThatThrownBy(() ->
            edit(
                "f() { touch "
                    + copy
                    + "; while [ -e "
                    + copy
                    + " ]; do sleep 0.05; done;"
                    + " sed -i s/xen/qemu/ \"$1\"; }; f",
                1))
        .isInstanceOf(Failure.class);
    assertThat(objections).hasSize(1).first().asString().contains("somebody else");
    assertThat(host.xml()).isEqualTo(others);
    other.join();
  }
}
