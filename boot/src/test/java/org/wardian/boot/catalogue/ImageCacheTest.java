package org.wardian.boot.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.boot.catalogue.CatalogueException.Kind;
import org.wardian.boot.initramfs.CpioArchive;

/** The cache against a mirror on this machine: what is fetched, kept, replaced and removed. */
class ImageCacheTest {
  private static final String GUEST = "debian-cloud";
  private static final TestKey KEY = new TestKey();
  private static final String DRIVERS = "lib/modules/6.1.0-1-cloud-amd64/";
  private static final byte[] KERNEL = randomBytes(300_000);
  private static final byte[] BUSYBOX = randomBytes(70_000);

  @TempDir private Path folder;
  private TestMirror mirror;
  private ImageCache cache;
  private final RecordingProgress progress = new RecordingProgress();

  private static byte[] randomBytes(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  @BeforeEach
  void startMirror() throws IOException {
    mirror = TestMirror.withGuest(KEY, KERNEL, BUSYBOX);
    cache = new ImageCache(folder, "bookworm", new TestAccess(mirror.mirrors(), KEY.trusted()));
  }

  @AfterEach
  void stopMirror() {
    mirror.close();
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void fetchesAGuestOnceAndWorksOfflineFromThenOn() throws IOException {
    CachedImage image = cache.ensure(GUEST, progress);
    assertThat(image.kernel()).isEqualTo(KERNEL);
    assertThat(image.busybox()).isEqualTo(BUSYBOX);
    assertThat(CpioArchive.read(image.drivers()).find(DRIVERS + "modules.dep")).isPresent();
    assertThat(image.manifest().kernelRelease()).isEqualTo("6.1.0-1-cloud-amd64");
    assertThat(image.manifest().kernelPackage().version()).isEqualTo("6.1.10-1");
    assertThat(progress.events())
        .contains("start bookworm InRelease", "start bookworm Packages.xz")
        .doesNotContain("fail");
    assertThat(files())
        .containsExactly(
            "images/debian-cloud/busybox",
            "images/debian-cloud/drivers.cpio",
            "images/debian-cloud/manifest.json",
            "images/debian-cloud/vmlinuz",
            "locks/debian-cloud.lock");
    mirror.close();
    assertThat(cache.ensure(GUEST, progress).kernel()).isEqualTo(KERNEL);
  }

  @Test
  void takesTheNewestKernelOfArchiveAndSecurityUpdates() throws IOException {
    byte[] newer = randomBytes(1000);
    mirror.addGuest("debian-security", "6.1.0-2", "6.1.9-2", randomBytes(10));
    mirror.addGuest("debian-security", "6.1.0-3", "6.1.11-1", newer);
    mirror.publish();
    CachedImage image = cache.ensure(GUEST, progress);
    assertThat(image.kernel()).isEqualTo(newer);
    assertThat(image.manifest().kernelPackage().address()).startsWith(mirror.security().toString());
  }

  @Test
  void takesAnOlderKernelWhenTheNewestHasNotArrivedYet() throws IOException {
    mirror.addPackage(
        "debian-security",
        "linux-image-cloud-amd64",
        "6.1.99-1",
        "linux-image-6.1.0-99-cloud-amd64 (= 6.1.99-1)",
        new TestDeb().build("data.tar.xz"));
    mirror.publish();
    assertThat(cache.ensure(GUEST, progress).kernel()).isEqualTo(KERNEL);
  }

  @Test
  void replacesAnImageWhenThereIsANewerKernelOnly() throws IOException {
    cache.pull(GUEST, progress);
    int before = mirror.requests().size();
    cache.pull(GUEST, progress);
    assertThat(progress.events()).contains("debian-cloud is up to date (6.1.10-1)");
    assertThat(mirror.requests().subList(before, mirror.requests().size()))
        .noneMatch(path -> path.endsWith(".deb"));

    byte[] newer = randomBytes(1000);
    mirror.addGuest("debian-security", "6.1.0-3", "6.1.11-1", newer);
    mirror.publish();
    assertThat(cache.ensure(GUEST, progress).kernel()).as("no check when run").isEqualTo(KERNEL);
    assertThat(cache.pull(GUEST, progress).kernel()).isEqualTo(newer);
    assertThat(files()).hasSize(5);
  }

  @Test
  void keepsTheOldImageWhenANewerOneCannotBeFetched() throws IOException {
    cache.pull(GUEST, progress);
    List<String> before = files();
    mirror.addGuest("debian-security", "6.1.0-3", "6.1.11-1", randomBytes(1000));
    mirror.publish();
    String path = mirror.packagePath("debian-security", "linux-image-6.1.0-3");
    mirror.serve(path, randomBytes(9));
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> cache.pull(GUEST, progress));
    assertThat(files()).isEqualTo(before);
    assertThat(cache.ensure(GUEST, progress).kernel()).isEqualTo(KERNEL);
  }

  @Test
  void anImageOfAnEarlierVersionWorksAndGetsItsDriversWithTheNextPull() throws IOException {
    Path image = cache.ensure(GUEST, progress).folder();
    Files.delete(image.resolve("drivers.cpio"));
    Path manifest = image.resolve("manifest.json");
    String text = Files.readString(manifest);
    int comma = text.lastIndexOf(',', text.indexOf("drivers.cpio"));
    Files.writeString(
        manifest, text.substring(0, comma) + text.substring(text.indexOf('}', comma) + 1));
    assertThat(cache.ensure(GUEST, progress).drivers()).isEmpty();
    assertThat(cache.list().get(0).state()).isEqualTo(ImageSummary.State.READY);
    assertThat(cache.pull(GUEST, progress).drivers()).isNotEmpty();
  }

  @Test
  void fetchesAnImageOfAnotherSuiteAnew() throws IOException {
    cache.ensure(GUEST, progress);
    ImageCache other =
        new ImageCache(folder, "trixie", new TestAccess(mirror.mirrors(), KEY.trusted()));
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> other.ensure(GUEST, progress))
        .withMessageContaining("/dists/trixie/InRelease")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
    assertThat(cache.ensure(GUEST, progress).kernel()).isEqualTo(KERNEL);
  }

  @Test
  void refusesAndNamesADamagedFileOfTheCache() throws IOException {
    CachedImage image = cache.ensure(GUEST, progress);
    Path kernel = image.folder().resolve("vmlinuz");
    byte[] damaged = KERNEL.clone();
    damaged[1234] ^= 1;
    Files.write(kernel, damaged);
    assertCorrupt(kernel, "expected SHA-256");
    Files.write(kernel, new byte[] {1, 2});
    assertCorrupt(kernel, "expected 300000 bytes, has 2");
    assertThat(cache.list().get(0).state()).isEqualTo(ImageSummary.State.CORRUPT);
    Files.delete(kernel);
    assertCorrupt(kernel, "it is missing");
    Files.writeString(image.folder().resolve("manifest.json"), "{");
    assertCorrupt(image.folder().resolve("manifest.json"), "");
    assertThat(cache.list().get(0).state()).isEqualTo(ImageSummary.State.CORRUPT);

    assertThat(cache.pull(GUEST, progress).kernel()).as("the remedy").isEqualTo(KERNEL);
  }

  private void assertCorrupt(Path file, String message) {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> cache.ensure(GUEST, progress).kernel())
        .withMessageContaining("refused the cached file " + file)
        .withMessageContaining(message)
        .withMessageContaining(
            "run `ward image rm debian-cloud` and `ward image pull debian-cloud`")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT_CACHE));
  }

  @Test
  void listsAllGuestsWithWhatTheCacheHas() throws IOException {
    assertThat(cache.list())
        .extracting(ImageSummary::name)
        .containsExactly("debian-cloud", "debian-pc", "debian-i386");
    assertThat(cache.list()).allMatch(image -> image.state() == ImageSummary.State.ABSENT);
    cache.ensure(GUEST, progress);
    ImageSummary summary = cache.list().get(0);
    assertThat(summary.state()).isEqualTo(ImageSummary.State.READY);
    assertThat(summary.bytes())
        .isEqualTo(KERNEL.length + BUSYBOX.length + cache.ensure(GUEST, progress).drivers().length);
    assertThat(summary.kernelVersion()).isEqualTo("6.1.10-1");
    assertThat(summary.suite()).isEqualTo("bookworm");
    assertThat(cache.list().get(1).state()).isEqualTo(ImageSummary.State.ABSENT);
  }

  @Test
  void removesAGuestWholeOrDamaged() throws IOException {
    assertThat(cache.remove(GUEST, progress)).isFalse();
    assertThat(files()).isEmpty();
    cache.ensure(GUEST, progress);
    Files.delete(folder.resolve("images/debian-cloud/manifest.json"));
    assertThat(cache.remove(GUEST, progress)).isTrue();
    assertThat(files()).containsExactly("locks/debian-cloud.lock");
    assertThat(cache.ensure(GUEST, progress).kernel()).isEqualTo(KERNEL);
  }

  @Test
  void clearsWhatAKilledProcessLeft() throws IOException {
    Path partial = folder.resolve("images/.partial-debian-cloud/image");
    Files.createDirectories(partial);
    Files.writeString(partial.resolve("vmlinuz"), "half");
    cache.ensure(GUEST, progress);
    assertThat(partial.getParent()).doesNotExist();
  }

  @Test
  void saysWhichGuestsThereAre() {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> cache.ensure("debain\n", progress))
        .withMessage(
            "there is no guest \"debain?\"; there are debian-cloud, debian-pc, debian-i386, debian")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.UNKNOWN_GUEST));
  }

  @Test
  void saysWhichPackageASuiteLacks() {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> cache.ensure("debian-pc", progress))
        .withMessage(
            "Debian bookworm has no package linux-image-amd64 for amd64, which the guest"
                + " debian-pc needs");
  }

  @Test
  void refusesACacheFolderThatIsAFile() throws IOException {
    Path file = folder.resolve("file");
    Files.writeString(file, "");
    ImageCache inFile =
        new ImageCache(file, "bookworm", new TestAccess(mirror.mirrors(), KEY.trusted()));
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> inFile.ensure(GUEST, progress))
        .withMessageContaining("cannot write to " + file)
        .withMessageContaining("XDG_CACHE_HOME")
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.NOT_WRITABLE));
  }

  @Test
  void followsTheXdgSpecification() {
    assertThat(ImageCache.defaultFolder(Map.of("XDG_CACHE_HOME", "/x", "HOME", "/h"), "/u"))
        .isEqualTo(Path.of("/x/wardian"));
    assertThat(ImageCache.defaultFolder(Map.of("XDG_CACHE_HOME", "x", "HOME", "/h"), "/u"))
        .isEqualTo(Path.of("/h/.cache/wardian"));
    assertThat(ImageCache.defaultFolder(Map.of(), "/u")).isEqualTo(Path.of("/u/.cache/wardian"));
  }

  @Test
  void refusesASuiteThatIsNoName() {
    assertThatExceptionOfType(CatalogueException.class)
        .isThrownBy(() -> ImageCache.open(folder, "../x"))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.BAD_SETTING));
  }

  @Test
  void doesNotAskTheMirrorForWhatIsCached() throws IOException {
    cache.ensure(GUEST, progress);
    DebianMirrors nowhere =
        new DebianMirrors(List.of(URI.create("http://127.0.0.1:1/debian")), List.of());
    ImageCache offline = new ImageCache(folder, "bookworm", new TestAccess(nowhere, KEY.trusted()));
    assertThat(new String(offline.ensure(GUEST, progress).kernel(), StandardCharsets.ISO_8859_1))
        .hasSize(KERNEL.length);
  }
}
