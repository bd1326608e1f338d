package org.wardian.definition.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Documents that libvirt 9.0 with QEMU 7.2 was given to define, and what it said of each then: ours
 * are the same to the letter, but for the quotes that libvirt writes round attributes within
 * metadata.
 */
class DomainCompletionTest {
  private static final Path FOLDER = Path.of("src/test/resources/org/wardian/definition/domain");

  static DomainDefaults defaults() {
    return new DomainDefaults(
        "/emulator",
        "/var/lib/libvirt/qemu/nvram",
        new Random(1),
        DomainDefaults.Hardware.QEMU,
        false);
  }

  static Stream<String> documents() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER.resolve("defined"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".given.xml"))
          .map(name -> name.substring(0, name.length() - ".given.xml".length()))
          .sorted()
          .toList()
          .stream();
    }
  }

  static String given(String name) throws IOException {
    return Files.readString(FOLDER.resolve("defined/" + name + ".given.xml"));
  }

  private static String defined(String name) throws IOException {
    return Files.readString(FOLDER.resolve("defined/" + name + ".defined.xml")).strip();
  }

  @ParameterizedTest
  @MethodSource("documents")
  void aDocumentIsCompletedAsLibvirtDoes(String name) throws Exception {
    DomainDocument document = DomainDocument.define(given(name), defaults());

    assertThat(all(document)).isEqualTo(defined(name));
  }

  /** As with libvirt, controllers that were added may change places when they are read again. */
  @ParameterizedTest
  @MethodSource("documents")
  void aCompletedDocumentIsCompletedAlready(String name) throws Exception {
    DomainDocument once = DomainDocument.define(given(name), defaults());
    DomainDocument twice = DomainDocument.define(once.toString(), defaults());
    DomainDocument thrice = DomainDocument.define(twice.toString(), defaults());

    assertThat(twice.toString().lines().sorted().toList())
        .isEqualTo(once.toString().lines().sorted().toList());
    assertThat(thrice.toString()).isEqualTo(twice.toString());
  }

  @ParameterizedTest
  @MethodSource("documents")
  void whatIsWrittenIsReadAgain(String name) throws Exception {
    DomainDocument document = DomainDocument.define(given(name), defaults());

    assertThat(DomainDocument.read(document.toString()).toString()).isEqualTo(document.toString());
  }

  @Test
  void thereAreDocumentsOfAllKinds() throws IOException {
    assertThat(documents().count()).isGreaterThan(60);
  }

  private static String all(DomainDocument document) {
    return document.xml(EnumSet.of(DomainFlag.SECURE, DomainFlag.INACTIVE)).strip();
  }
}
