package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.boot.catalogue.CatalogueException.Kind;

class PackageResolverTest {
  private static final URI ARCHIVE = URI.create("http://127.0.0.1/debian");

  @Test
  void findsAllThatIsNeeded() throws IOException {
    String index =
        """
        Package: shell
        Version: 1
        Depends: libc (>= 2), editor
        Pre-Depends: init

        Package: libc
        Version: 2.1

        Package: editor
        Version: 3
        Depends: shell

        Package: init
        Version: 4

        Package: other
        Version: 5
        """;
    assertThat(names(index, "shell")).containsExactly("shell", "init", "libc", "editor");
  }

  @Test
  void takesTheNewestVersion() throws IOException {
    String index =
        """
        Package: ssl
        Version: 3.0-1

        Package: ssl
        Version: 3.0-1+deb12u2

        Package: ssl
        Version: 3.0-1+deb12u1
        """;
    assertThat(resolver(index).resolve(List.of("ssl")))
        .extracting(each -> each.version().toString())
        .containsExactly("3.0-1+deb12u2");
  }

  @Test
  void takesTheFirstAlternativeThatCanBeHad() throws IOException {
    String index =
        """
        Package: a
        Version: 1
        Depends: gone | old (>= 2) | there | later

        Package: old
        Version: 1

        Package: there
        Version: 1

        Package: later
        Version: 1
        """;
    assertThat(names(index, "a")).containsExactly("a", "there");
  }

  @Test
  void isContentWithAnAlternativeThatIsChosenAlready() throws IOException {
    String index =
        """
        Package: helpers
        Version: 1
        Depends: usrmerge | usr-is-merged

        Package: usrmerge
        Version: 1

        Package: usr-is-merged
        Version: 1
        """;
    assertThat(names(index, "helpers")).containsExactly("helpers", "usrmerge");
    assertThat(names(index, "helpers", "usr-is-merged"))
        .containsExactly("helpers", "usr-is-merged");
    PackageResolver resolver = resolver(index);
    assertThat(
            resolver.resolve(
                List.of("helpers"), resolver.resolve(List.of("helpers", "usr-is-merged"))))
        .extracting(DebianPackage::name)
        .containsExactly("helpers", "usr-is-merged");
  }

  @Test
  void takesTheProviderOfTheHighestPriority() throws IOException {
    String index =
        """
        Package: base
        Version: 1
        Depends: awk, api (>= 2)

        Package: gawk
        Version: 1
        Provides: awk
        Priority: optional

        Package: mawk
        Version: 1
        Provides: awk, api
        Priority: required

        Package: perl-api
        Version: 1
        Provides: api (= 1.9)

        Package: perl-base
        Version: 9
        Provides: api (= 2.1)
        Priority: optional
        """;
    assertThat(names(index, "base")).containsExactly("base", "mawk", "perl-base");
  }

  @Test
  void passesOverWhatConflictsWithTheChosen() throws IOException {
    String index =
        """
        Package: a
        Version: 1
        Depends: mail

        Package: exim
        Version: 1
        Provides: mail
        Priority: important
        Conflicts: mail

        Package: postfix
        Version: 1
        Provides: mail
        Breaks: a

        Package: nullmailer
        Version: 1
        Provides: mail
        """;
    assertThat(names(index, "a")).containsExactly("a", "exim");
    assertThat(names(index, "a", "nullmailer")).containsExactly("a", "nullmailer");
  }

  @Test
  void tellsWhatConflicts() {
    String index =
        """
        Package: a
        Version: 1
        Conflicts: b (<< 2)

        Package: b
        Version: 1.5
        """;
    refused(index, "has not: a 1 that goes with b 1.5", "a", "b");
  }

  @Test
  void tellsWhatIsMissing() {
    String index =
        """
        Package: a
        Version: 1
        Depends: b

        Package: b
        Version: 1
        Depends: c (>= 3) | d

        Package: c
        Version: 2
        """;
    refused(index, "has not: c (>= 3) | d, which b 1 needs", "a");
    refused(index, "has not: no package nothing", "nothing");
  }

  @Test
  void tellsWhichFieldCannotBeRead() {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(
            () -> resolver("Package: a\nVersion: 1\nDepends: b (about 3)\n").resolve(List.of("a")))
        .withMessageContaining("package a: no relation to a package: b (about 3)")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.MALFORMED));
  }

  private static void refused(String index, String message, String... names) {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> resolver(index).resolve(List.of(names)))
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  private static List<String> names(String index, String... names) throws IOException {
    return resolver(index).resolve(List.of(names)).stream().map(DebianPackage::name).toList();
  }

  private static PackageResolver resolver(String index) throws IOException {
    String files =
        "\nFilename: pool/x.deb\nSize: 1\nSHA256: " + Sha256.of(new byte[0]) + "\n\nPackage: ";
    String whole =
        index.strip().replaceAll("\n\nPackage: ", files) + files.replace("\n\nPackage: ", "\n");
    ControlReader reader =
        new ControlReader(
            new ByteArrayInputStream(whole.getBytes(StandardCharsets.UTF_8)), "index");
    List<DebianPackage> packages = new ArrayList<>();
    for (ControlStanza stanza = reader.next(); stanza != null; stanza = reader.next()) {
      packages.add(DebianPackage.parse(stanza, ARCHIVE, "index"));
    }
    return new PackageResolver("bookworm", "amd64", packages);
  }
}
