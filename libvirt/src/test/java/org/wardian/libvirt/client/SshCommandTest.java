package org.wardian.libvirt.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is run here and at the far end for {@code qemu+ssh}. */
@EnabledOnOs(OS.LINUX)
class SshCommandTest {
  @TempDir private Path folder;

  private static List<String> words(String uri) {
    return new SshCommand(ConnectionUri.parse(uri), false).words();
  }

  @Test
  void parametersBecomeOptions() {
    List<String> words =
        words(
            "qemu+ssh://fred@host:2222/system?keyfile=/k&no_verify=1&no_tty=1&command=/opt/ssh"
                + "&known_hosts=/h");
    assertThat(words.subList(0, words.size() - 1))
        .containsExactly(
            "/opt/ssh",
            "-p",
            "2222",
            "-l",
            "fred",
            "-i",
            "/k",
            "-T",
            "-e",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/h",
            "--",
            "host");
    assertThat(words("qemu+ssh://host/system?no_tty=0"))
        .startsWith("ssh", "-T", "-e", "none", "--");
    assertThatThrownBy(() -> words("qemu+ssh://host/system?proxy=any"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("auto, native, netcat");
  }

  /** A program of the far end that says how it was called. */
  private void install(String... names) throws Exception {
    for (String name : names) {
      Path program = folder.resolve(name);
      Files.writeString(
          program,
          """
          #!/bin/sh
          if test "$1" = -h; then echo ' -U use a socket'; exit 0; fi
          if test "$1" = -q; then echo 'option requires an argument'; exit 1; fi
          echo "%s $*"
          """
              .formatted(name));
      assertThat(program.toFile().setExecutable(true)).isTrue();
    }
    for (String name : List.of("sh", "grep", "id")) {
      Path real = Tool.require(name, "coreutils");
      Path program =
          Files.writeString(folder.resolve(name), "#!/bin/sh\nexec " + real + " \"$@\"\n");
      assertThat(program.toFile().setExecutable(true)).isTrue();
    }
  }

  private String runs(String uri, boolean readOnly) throws Exception {
    List<String> words = new SshCommand(ConnectionUri.parse(uri), readOnly).words();
    // As sshd does it: a shell gets the line.
    return Tool.run(
            Map.of("PATH", folder.toString(), "XDG_RUNTIME_DIR", "/run/user/7"),
            List.of("/bin/sh", "-c", words.getLast()))
        .text()
        .strip();
  }

  @ParameterizedTest
  @CsvSource({
    "qemu+ssh://h/system, false, virt-ssh-helper qemu:///system",
    "qemu+ssh://h/system, true, virt-ssh-helper -r qemu:///system",
    "qemu+ssh://h/system?proxy=netcat, false, nc -q0 -U /var/run/libvirt/libvirt-sock",
    "qemu+ssh://h/system?proxy=netcat, true, nc -q0 -U /var/run/libvirt/libvirt-sock-ro",
    "qemu+ssh://h/system?proxy=netcat&mode=direct, false, nc -q0 -U"
        + " /var/run/libvirt/virtqemud-sock",
    "qemu+ssh://h/system?socket=/a%20b'c, false, nc -q0 -U /a b'c",
    "qemu+ssh://h/system?netcat=my%20nc, false, my nc -q0 -U /var/run/libvirt/libvirt-sock",
    "qemu+ssh://h/system?name=x'$(id), false, virt-ssh-helper x'$(id)",
  })
  void theFarEndTakesWhatItHas(String uri, boolean readOnly, String called) throws Exception {
    install("virt-ssh-helper", "nc", "my nc", "ward");

    assertThat(runs(uri, readOnly)).isEqualTo(called);
  }

  @Test
  void wardStandsInForBoth() throws Exception {
    install("ward");
    assertThat(runs("qemu+ssh://h/system", true))
        .isEqualTo("ward virt-ssh-helper -r qemu:///system");
    assertThat(runs("qemu+ssh://h/system?socket=/a%20b", false))
        .isEqualTo("ward virt-ssh-helper qemu+unix:///system?socket=/a%20b");
    Files.delete(folder.resolve("ward"));
    assertThat(runs("qemu+ssh://h/system", true)).contains("no ward on the path");
  }
}
