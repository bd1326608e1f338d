package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SshKeysTest {
  private static final String KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA ada@host";
  private static final String OTHER = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTI=";

  @TempDir private Path folder;

  @Test
  void readsEveryKeyOfAFileOnce() throws IOException {
    Path file = Files.writeString(folder.resolve("keys"), "# mine\n" + KEY + "\n\n" + OTHER + "\n");
    assertThat(SshKeys.read(List.of(file, file))).containsExactly(KEY, OTHER);
  }

  @Test
  void findsThePublicKeyBesideAPrivateOne() throws IOException {
    Path file = Files.writeString(folder.resolve("id"), "-----BEGIN OPENSSH PRIVATE KEY-----\n");
    Files.writeString(folder.resolve("id.pub"), KEY + "\n");
    assertThat(SshKeys.read(List.of(file))).containsExactly(KEY);
  }

  @Test
  void refusesAFileWithoutKey() throws IOException {
    Path file = Files.writeString(folder.resolve("note"), "hello\n");
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> SshKeys.read(List.of(file)))
        .withMessageContaining("no public key of ssh")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ExitStatus.USAGE.code()));
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> SshKeys.read(List.of(folder.resolve("none"))))
        .withMessageContaining("no such file");
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> SshKeys.read(List.of(folder)))
        .withMessageContaining("cannot be read");
  }
}
