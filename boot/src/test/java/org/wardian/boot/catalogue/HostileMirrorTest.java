package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.catalogue.CatalogueException.Kind;

/** Mirrors that are tampered with, broken, out of date or not there. */
class HostileMirrorTest {
  private static final String RELEASE = "/debian/dists/bookworm/InRelease";
  private static final String INDEX = "/debian/dists/bookworm/main/binary-amd64/Packages.xz";
  private static final TestKey KEY = new TestKey();
  private static final byte[] KERNEL = "kernel".repeat(20_000).getBytes(StandardCharsets.US_ASCII);

  @TempDir private Path folder;
  private TestMirror mirror;
  private final RecordingProgress progress = new RecordingProgress();

  @BeforeEach
  void startMirror() throws IOException {
    mirror = TestMirror.withGuest(KEY, KERNEL, new byte[1000]);
  }

  @AfterEach
  void stopMirrorAndCheckThatNothingWasLeft() throws IOException {
    mirror.close();
    try (Stream<Path> all = Files.walk(folder)) {
      assertThat(all.filter(Files::isRegularFile).map(file -> file.getFileName().toString()))
          .isSubsetOf("debian-cloud.lock", "manifest.json", "vmlinuz", "busybox", "drivers.cpio");
    }
    assertThat(folder.resolve("images/.partial-debian-cloud")).doesNotExist();
  }

  private ImageCache cache(ArchiveAccess access) {
    return new ImageCache(folder, "bookworm", access);
  }

  private byte[] fetch(DebianMirrors mirrors) throws CatalogueException {
    return cache(new TestAccess(mirrors, KEY.trusted())).ensure("debian-cloud", progress).kernel();
  }

  private ThrowableAssertAlternative<CatalogueException> assertRefused(Kind kind) {
    return assertRefused(new TestAccess(mirror.mirrors(), KEY.trusted()), kind);
  }

  private ThrowableAssertAlternative<CatalogueException> assertRefused(
      ArchiveAccess access, Kind kind) {
    ThrowableAssertAlternative<CatalogueException> refused =
        assertThatExceptionOfType(CatalogueException.class)
            .isThrownBy(() -> cache(access).ensure("debian-cloud", progress));
    refused.satisfies(e -> {
      assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind);
      assertThat(e.getMessage()).doesNotContain("\n");
    });
    assertThat(folder.resolve("images/debian-cloud")).doesNotExist();
    return refused;
  }

  private static byte[] tampered(byte[] content) {
    byte[] tampered = content.clone();
    tampered[tampered.length / 2] ^= 1;
    return tampered;
  }

  private byte[] served(String path) throws IOException {
    return URI.create(mirror.address() + path).toURL().openStream().readAllBytes();
  }

  @Test
  void tamperedReleaseIsRefused() throws IOException {
    String release = new String(served(RELEASE), StandardCharsets.UTF_8);
    mirror.serve(
        RELEASE, release.replace("oldstable", "oldstabbe").getBytes(StandardCharsets.UTF_8));
    assertRefused(Kind.BAD_SIGNATURE)
        .withMessageContaining("refused " + mirror.address() + RELEASE + ": BAD signature by key");
  }

  @Test
  void releaseOfAnotherKeyIsRefused() {
    assertRefused(new TestAccess(mirror.mirrors(), new TestKey().trusted()), Kind.BAD_SIGNATURE)
        .withMessageContaining("signed by no key that Wardian trusts");
  }

  @Test
  void releaseOfAnotherSuiteIsRefused() throws IOException {
    mirror.serve(RELEASE, served("/debian-security/dists/bookworm-security/InRelease"));
    assertRefused(Kind.MALFORMED)
        .withMessageContaining("it is of suite bookworm-security, not bookworm");
  }

  @Test
  void aLoginPageInPlaceOfTheReleaseIsRefused() {
    mirror.serve(RELEASE, "<html>Please log in</html>".getBytes(StandardCharsets.UTF_8));
    assertRefused(Kind.MALFORMED).withMessageContaining("does not begin with a PGP signed message");
  }

  @Test
  void outdatedReleaseIsRefused() {
    mirror.addReleaseField("Valid-Until: " + TestMirror.date(Instant.now().plusSeconds(3600)));
    mirror.publish();
    Clock inADay = Clock.offset(Clock.systemUTC(), Duration.ofDays(1));
    assertRefused(
            new TestAccess(mirror.mirrors(), KEY.trusted(), ProxySettings.none(), inADay),
            Kind.EXPIRED)
        .withMessageContaining("it was valid until");
  }

  @Test
  void tamperedIndexIsRefused() throws IOException {
    mirror.serve(INDEX, tampered(served(INDEX)));
    assertRefused(Kind.HASH_MISMATCH)
        .withMessageContaining("refused " + mirror.address() + INDEX)
        .withMessageContaining("SHA-256 is wrong (expected ");
  }

  @Test
  void tamperedPackageIsRefused() throws IOException {
    String path = mirror.packagePath("debian", "linux-image-6.1");
    byte[] deb = served(path);
    mirror.serve(path, tampered(deb));
    assertRefused(Kind.HASH_MISMATCH)
        .withMessageContaining("refused " + mirror.address() + path)
        .withMessageContaining("expected " + Sha256.of(deb))
        .withMessageContaining("got " + Sha256.of(tampered(deb)));
    assertThat(progress.events()).contains("fail");
  }

  @Test
  void packageOfAnotherSizeIsRefusedBeforeItIsFetched() throws IOException {
    String path = mirror.packagePath("debian", "linux-image-6.1");
    int size = served(path).length;
    mirror.serve(path, new byte[size + 1]);
    assertRefused(Kind.HASH_MISMATCH)
        .withMessageContaining(
            "size is wrong (expected " + size + " bytes, got " + (size + 1) + " bytes)");
  }

  @Test
  void endlessPackageIsCutOff() throws IOException {
    String path = mirror.packagePath("debian", "linux-image-6.1");
    mirror.answer(
        path,
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] zeros = new byte[1 << 16];
          for (int i = 0; i < 10_000; i++) {
            exchange.getResponseBody().write(zeros);
          }
        });
    assertRefused(Kind.HASH_MISMATCH).withMessageContaining(", got more)");
  }

  @Test
  void missingPackageIsNamed() {
    String path = mirror.packagePath("debian", "linux-image-6.1");
    mirror.answer(path, TestMirror.status(404));
    assertRefused(Kind.NOT_FOUND)
        .withMessageContaining("the mirror does not have " + mirror.address() + path)
        .withMessageContaining("WARDIAN_MIRROR");
  }

  @Test
  void brokenServerIsNamed() {
    mirror.answer(INDEX, TestMirror.status(503));
    assertRefused(Kind.HTTP_STATUS).withMessageContaining("answered with HTTP status 503");
  }

  @Test
  void truncatedPackageIsTriedAgain() throws IOException {
    String path = mirror.packagePath("debian", "linux-image-6.1");
    byte[] deb = served(path);
    mirror.answer(path, TestMirror.firstThen(TestMirror.truncated(deb), TestMirror.whole(deb)));
    assertThat(fetch(mirror.mirrors())).isEqualTo(KERNEL);
    assertThat(progress.events()).contains("fail");
  }

  @Test
  void packageTruncatedTwiceIsRefused() throws IOException {
    String path = mirror.packagePath("debian", "linux-image-6.1");
    byte[] deb = served(path);
    mirror.answer(path, TestMirror.truncated(deb));
    assertRefused(Kind.OFFLINE)
        .withMessageContaining("the connection broke after ")
        .withMessageContaining(" of " + deb.length + " bytes");
  }

  @Test
  void offlineIsSaidWithWhatToDo() throws IOException {
    int port;
    try (ServerSocket unused = new ServerSocket(0)) {
      port = unused.getLocalPort();
    }
    DebianMirrors gone =
        new DebianMirrors(List.of(URI.create("http://127.0.0.1:" + port + "/debian")), List.of());
    assertRefused(new TestAccess(gone, KEY.trusted()), Kind.OFFLINE)
        .withMessageContaining("cannot fetch http://127.0.0.1:" + port + "/debian/dists/bookworm")
        .withMessageContaining("check the network, set http_proxy if there is a proxy");
  }

  @Test
  void securityMirrorsFailureNamesItsOwnSetting() {
    mirror.answer("/debian-security/dists/bookworm-security/InRelease", TestMirror.status(404));
    assertRefused(Kind.NOT_FOUND).withMessageContaining("WARDIAN_SECURITY_MIRROR (\"none\"");
  }

  @Test
  void mirrorThatLacksTheSuiteGivesWayToTheNext() throws IOException {
    DebianMirrors two =
        new DebianMirrors(
            List.of(URI.create(mirror.address() + "/elsewhere"), mirror.archive()),
            List.of(mirror.security()));
    assertThat(fetch(two)).isEqualTo(KERNEL);
    assertThat(progress.events())
        .contains(
            "mirror " + mirror.address() + "/elsewhere does not serve bookworm: trying the next");
  }

  @Test
  void indexIsFetchedByHashWhereTheSuiteOffersIt() throws IOException {
    byte[] index = served(INDEX);
    mirror.addReleaseField("Acquire-By-Hash: yes");
    mirror.publish();
    mirror.serve(INDEX, new byte[10]);
    mirror.serve(
        "/debian/dists/bookworm/main/binary-amd64/by-hash/SHA256/" + Sha256.of(index), index);
    assertThat(fetch(mirror.mirrors())).isEqualTo(KERNEL);
    assertThat(mirror.requests())
        .as("the security mirror of this test has no files by hash")
        .contains("/debian-security/dists/bookworm-security/main/binary-amd64/Packages.xz");
  }

  @Test
  void redirectsAreFollowedButNotForEver() throws IOException {
    byte[] release = served(RELEASE);
    mirror.serve("/moved", release);
    mirror.answer(RELEASE, TestMirror.redirect("/moved"));
    assertThat(fetch(mirror.mirrors())).isEqualTo(KERNEL);
    CacheFiles.deleteTree(folder.resolve("images"));
    mirror.answer(RELEASE, TestMirror.redirect(RELEASE));
    assertRefused(Kind.HTTP_STATUS).withMessageContaining("more than 5 redirects");
    mirror.answer(RELEASE, TestMirror.redirect("file:///etc/passwd"));
    assertRefused(Kind.HTTP_STATUS).withMessageContaining("redirected to no http address");
  }

  @Test
  void proxyOfTheEnvironmentIsUsed() throws IOException {
    ProxySettings proxy =
        ProxySettings.fromEnvironment(Map.of("http_proxy", mirror.address() + "/"));
    DebianMirrors behind =
        new DebianMirrors(
            List.of(URI.create("http://unknown.invalid/debian")),
            List.of(URI.create("http://unknown.invalid/debian-security")));
    CachedImage image =
        cache(new TestAccess(behind, KEY.trusted(), proxy, Clock.systemUTC()))
            .ensure("debian-cloud", progress);
    assertThat(image.kernel()).isEqualTo(KERNEL);
  }

  @Test
  void indexThatUnpacksToMoreThanPromisedIsRefused() throws IOException {
    byte[] bomb =
        TestDeb.xz(("Package: x\n" + " y\n".repeat(100_000)).getBytes(StandardCharsets.US_ASCII));
    String release =
        "Codename: bookworm\nSHA256:\n %s 100 main/binary-amd64/Packages\n %s %d main/binary-amd64/Packages.xz\n"
            .formatted("ab".repeat(32), Sha256.of(bomb), bomb.length);
    mirror.serve(RELEASE, KEY.clearSign(release));
    mirror.serve(INDEX, bomb);
    assertRefused(Kind.MALFORMED).withMessageContaining("unpacks to more than 100 bytes");
  }
}
