package org.wardian.boot.catalogue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.wardian.boot.catalogue.CatalogueException.Kind;
import org.wardian.boot.catalogue.DebianArchive.GuestPackages;
import org.wardian.boot.catalogue.ImageManifest.Origin;

/**
 * The guests on this machine's disk, fetched once and used offline from then on.
 *
 * <p>Layout, below {@code $XDG_CACHE_HOME/wardian} or {@code ~/.cache/wardian}:
 *
 * <pre>
 * images/NAME/manifest.json   what the image consists of, with hashes
 * images/NAME/vmlinuz         the kernel
 * images/NAME/busybox         the first program
 * images/NAME/drivers.cpio    the kernel's modules for our devices
 * images/.partial-NAME/       a fetch in progress
 * locks/NAME.lock             held by the process that changes the image
 * </pre>
 *
 * <p>An image appears whole or not at all; several processes and threads may use a cache at once.
 */
public final class ImageCache {
  /** The Debian suite that guests come from unless another is named. */
  public static final String DEFAULT_SUITE = "bookworm";

  /** The environment variable that names another suite. */
  public static final String SUITE_VARIABLE = "WARDIAN_SUITE";

  private static final Pattern KERNEL_PATH = Pattern.compile("boot/vmlinuz-[^/]+");
  private static final Pattern BUSYBOX_PATH = Pattern.compile("(usr/)?bin/busybox");
  private static final int MAX_KERNEL_BYTES = 128 << 20;
  private static final int MAX_BUSYBOX_BYTES = 16 << 20;

  private final Path folder;
  private final String suite;
  private final ArchiveAccess access;

  ImageCache(Path folder, String suite, ArchiveAccess access) {
    this.folder = folder;
    this.suite = suite;
    this.access = access;
  }

  /**
   * This user's cache, by the environment.
   *
   * @throws CatalogueException of kind {@link Kind#BAD_SETTING} if the environment names no usable
   *     suite
   */
  public static ImageCache open() throws CatalogueException {
    Map<String, String> environment = System.getenv();
    String suite = environment.getOrDefault(SUITE_VARIABLE, DEFAULT_SUITE);
    return open(defaultFolder(environment, System.getProperty("user.home")), suite);
  }

  /**
   * A cache in a folder.
   *
   * @param folder the cache's folder; need not exist
   * @param suite a code name such as {@code bookworm}
   * @throws CatalogueException of kind {@link Kind#BAD_SETTING} if the suite is no name
   */
  public static ImageCache open(Path folder, String suite) throws CatalogueException {
    if (!suite.matches("[a-z][a-z0-9-]{0,30}")) {
      throw new CatalogueException(
          Kind.BAD_SETTING,
          "\""
              + suite.replaceAll("\\p{Cntrl}", "?")
              + "\" is no Debian suite; set "
              + SUITE_VARIABLE
              + " to a code name such as "
              + DEFAULT_SUITE);
    }
    return new ImageCache(folder, suite, ArchiveAccess.ofThisMachine());
  }

  /** The XDG Base Directory Specification: a relative path in the variable is to be ignored. */
  static Path defaultFolder(Map<String, String> environment, String userHome) {
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!xdg.isEmpty() && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg).resolve("wardian");
    }
    String home = environment.getOrDefault("HOME", "");
    return Path.of(home.isEmpty() ? userHome : home).resolve(".cache").resolve("wardian");
  }

  /** The cache's folder. */
  public Path folder() {
    return folder;
  }

  /** The suite that guests are fetched from. */
  public String suite() {
    return suite;
  }

  /**
   * The image of a guest, fetched only if it is not in the cache. Needs no network and no writable
   * cache otherwise.
   *
   * @param name the guest's name
   * @param progress hears of downloads and waits
   * @throws CatalogueException of any kind
   */
  public CachedImage ensure(String name, ProgressListener progress) throws CatalogueException {
    GuestDefinition guest = GuestCatalogue.find(name);
    Optional<CachedImage> existing = existing(guest);
    return existing.isPresent() ? existing.get() : fetchLocked(guest, progress, false);
  }

  /**
   * Fetches the newest image of a guest, replacing what is in the cache. Fetches no package if the
   * cached image is of the newest ones and undamaged.
   *
   * @param name the guest's name
   * @param progress hears of downloads and waits
   * @throws CatalogueException of any kind; the image in the cache is then as it was
   */
  public CachedImage pull(String name, ProgressListener progress) throws CatalogueException {
    return fetchLocked(GuestCatalogue.find(name), progress, true);
  }

  /** All guests of the catalogue, with what the cache has of each. */
  public List<ImageSummary> list() {
    List<ImageSummary> list = new ArrayList<>();
    for (GuestDefinition guest : GuestCatalogue.all()) {
      list.add(summary(guest));
    }
    return List.copyOf(list);
  }

  /**
   * Removes a guest from the cache, damaged or not.
   *
   * @param name the guest's name
   * @param progress hears of waits
   * @return whether there was anything
   * @throws CatalogueException of kind {@link Kind#UNKNOWN_GUEST} or {@link Kind#NOT_WRITABLE}
   */
  public boolean remove(String name, ProgressListener progress) throws CatalogueException {
    GuestDefinition guest = GuestCatalogue.find(name);
    if (!isThere(imageFolder(guest)) && !isThere(partialFolder(guest))) {
      return false;
    }
    try (CacheLock _ = lock(guest, progress)) {
      boolean there = isThere(imageFolder(guest));
      CacheFiles.deleteTree(partialFolder(guest));
      CacheFiles.deleteTree(imageFolder(guest));
      return there;
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw CacheFiles.translate(e, folder);
    }
  }

  private CachedImage fetchLocked(GuestDefinition guest, ProgressListener progress, boolean refresh)
      throws CatalogueException {
    try (CacheLock _ = lock(guest, progress)) {
      if (!refresh) {
        // Another process may have finished while we waited.
        Optional<CachedImage> existing = existing(guest);
        if (existing.isPresent()) {
          return existing.get();
        }
      }
      CacheFiles.createFolder(folder.resolve("images"));
      try (PartialFolder work = PartialFolder.create(partialFolder(guest))) {
        return fetch(guest, work.path(), progress);
      }
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw CacheFiles.translate(e, folder);
    }
  }

  private CachedImage fetch(GuestDefinition guest, Path work, ProgressListener progress)
      throws IOException {
    HttpFetcher fetcher = new HttpFetcher(access.proxies(), progress);
    GuestPackages packages =
        new DebianArchive(access.mirrors(), suite, access.keys(), access.clock(), fetcher, progress)
            .resolve(guest, work);
    Optional<CachedImage> current = current(guest, packages);
    if (current.isPresent()) {
      progress.note(guest.name() + " is up to date (" + packages.kernel().version() + ")");
      return current.get();
    }
    Path image = work.resolve("image");
    CacheFiles.createFolder(image);
    Path kernelFile = fetched(fetcher, packages.kernel(), work);
    DebPackage.Member kernel = DebPackage.extract(kernelFile, KERNEL_PATH, MAX_KERNEL_BYTES);
    String release = kernel.path().substring("boot/vmlinuz-".length());
    byte[] drivers = DriverArchive.of(kernelFile, release);
    Files.delete(kernelFile);
    Path busyboxFile = fetched(fetcher, packages.busybox(), work);
    DebPackage.Member busybox = DebPackage.extract(busyboxFile, BUSYBOX_PATH, MAX_BUSYBOX_BYTES);
    Files.delete(busyboxFile);
    CacheFiles.write(image.resolve(ImageManifest.KERNEL_FILE), kernel.content());
    CacheFiles.write(image.resolve(ImageManifest.BUSYBOX_FILE), busybox.content());
    CacheFiles.write(image.resolve(ImageManifest.DRIVERS_FILE), drivers);
    ImageManifest manifest =
        new ImageManifest(
            guest.name(),
            suite,
            guest.architecture(),
            access.clock().instant(),
            release,
            origin(packages.kernel()),
            origin(packages.busybox()),
            stored(kernel.content()),
            stored(busybox.content()),
            Optional.of(stored(drivers)));
    CacheFiles.write(image.resolve(ImageManifest.MANIFEST_FILE), manifest.toJson());
    replace(image, imageFolder(guest), work.resolve("previous"));
    return CachedImage.open(imageFolder(guest), guest)
        .orElseThrow(() ->
            new CatalogueException(
                Kind.CORRUPT_CACHE, imageFolder(guest) + " was removed meanwhile; try again"));
  }

  private static Path fetched(HttpFetcher fetcher, DebianPackage source, Path work)
      throws IOException {
    Path deb = work.resolve(source.file().name());
    fetcher.fetch(source.address(), source.file().name(), source.file(), deb);
    return deb;
  }

  /** The cached image, if it is of these very packages and undamaged. */
  private Optional<CachedImage> current(GuestDefinition guest, GuestPackages packages) {
    try {
      Optional<CachedImage> image = existing(guest);
      if (image.isPresent()
          && image.get().manifest().drivers().isPresent()
          && image.get().manifest().kernelPackage().sha256().equals(sha256(packages.kernel()))
          && image.get().manifest().busyboxPackage().sha256().equals(sha256(packages.busybox()))) {
        image.get().verify();
        return image;
      }
      return Optional.empty();
    } catch (CatalogueException e) {
      // A damaged image is about to be replaced.
      return Optional.empty();
    }
  }

  private static String sha256(DebianPackage source) {
    return source.file().sha256();
  }

  private static Origin origin(DebianPackage source) {
    return new Origin(
        source.name(),
        source.version().toString(),
        source.address().toString(),
        source.file().sha256());
  }

  private static StoredFile stored(byte[] content) {
    return new StoredFile(content.length, Sha256.of(content));
  }

  /** A folder cannot be renamed over another: the old one steps aside, and back on failure. */
  private static void replace(Path from, Path to, Path aside) throws CatalogueException {
    boolean replaced = isThere(to);
    if (replaced) {
      CacheFiles.rename(to, aside);
    }
    boolean done = false;
    try {
      CacheFiles.rename(from, to);
      done = true;
    } finally {
      if (!done && replaced) {
        CacheFiles.rename(aside, to);
      }
    }
  }

  /** The image in the cache, if it is of our suite. */
  private Optional<CachedImage> existing(GuestDefinition guest) throws CatalogueException {
    return CachedImage.open(imageFolder(guest), guest)
        .filter(image -> image.manifest().suite().equals(suite));
  }

  private ImageSummary summary(GuestDefinition guest) {
    Path image = imageFolder(guest);
    Optional<CachedImage> cached;
    try {
      cached = CachedImage.open(image, guest);
    } catch (CatalogueException e) {
      return summary(guest, ImageSummary.State.CORRUPT, null);
    }
    if (cached.isEmpty()) {
      return summary(guest, ImageSummary.State.ABSENT, null);
    }
    return summary(
        guest,
        cached.get().looksWhole() ? ImageSummary.State.READY : ImageSummary.State.CORRUPT,
        cached.get().manifest());
  }

  private ImageSummary summary(
      GuestDefinition guest, ImageSummary.State state, ImageManifest manifest) {
    boolean known = manifest != null;
    return new ImageSummary(
        guest.name(),
        guest.description(),
        guest.architecture(),
        state,
        known ? manifest.suite() : null,
        known ? manifest.kernelRelease() : null,
        known ? manifest.kernelPackage().version() : null,
        known ? manifest.busyboxPackage().version() : null,
        known ? manifest.size() : 0,
        known ? manifest.pulled() : null,
        imageFolder(guest));
  }

  private CacheLock lock(GuestDefinition guest, ProgressListener progress)
      throws CatalogueException {
    Path locks = folder.resolve("locks");
    CacheFiles.createFolder(locks);
    return CacheLock.acquire(locks.resolve(guest.name() + ".lock"), guest.name(), progress);
  }

  private Path imageFolder(GuestDefinition guest) {
    return folder.resolve("images").resolve(guest.name());
  }

  private Path partialFolder(GuestDefinition guest) {
    return folder.resolve("images").resolve(".partial-" + guest.name());
  }

  private static boolean isThere(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }
}
