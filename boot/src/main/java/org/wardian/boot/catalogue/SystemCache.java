package org.wardian.boot.catalogue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.wardian.boot.catalogue.CatalogueException.Kind;
import org.wardian.boot.catalogue.SystemPreparation.Prepared;

/**
 * Whole systems on this machine's disk, made once out of packages and used offline from then on.
 *
 * <p>Layout, in the folder of {@link ImageCache}:
 *
 * <pre>
 * systems/NAME/RECIPE/manifest.json   what the system was made of
 * systems/NAME/RECIPE/disk.qcow2      its disk, never written to again: overlays stand on it
 * systems/NAME/RECIPE/vmlinuz, initrd what a machine starts it with
 * systems/NAME/RECIPE/overlays        paths of disks that a user keeps and that stand on it
 * systems/.partial-NAME/              one that is being made
 * packages/                           packages fetched for it
 * locks/system-NAME.lock              held by the process that makes or removes it
 * </pre>
 *
 * <p>A newer one is made beside the older ones; those go that no kept disk stands on.
 */
public final class SystemCache {
  private static final String OVERLAYS_FILE = "overlays";

  /** Packages without compression, and the disk. */
  private static final long BUILD_BYTES = 2L << 30;

  private final Path folder;
  private final ArchiveAccess access;

  SystemCache(Path folder, ArchiveAccess access) {
    this.folder = folder;
    this.access = access;
  }

  /** This user's cache, by the environment. */
  public static SystemCache open() {
    return open(
        ImageCache.defaultFolder(System.getenv(), System.getProperty("user.home")),
        Optional.empty());
  }

  /**
   * A cache in a folder.
   *
   * @param mirror the archive's address, or empty for the machine's own choice
   */
  public static SystemCache open(Path folder, Optional<String> mirror) {
    return new SystemCache(folder, ArchiveAccess.ofThisMachine(mirror));
  }

  /** This user's cache, by the environment, with another mirror. */
  public static SystemCache open(Optional<String> mirror) {
    return open(ImageCache.defaultFolder(System.getenv(), System.getProperty("user.home")), mirror);
  }

  /** The system of a name or alias, or empty if there is none. */
  public static Optional<SystemDefinition> find(String name) {
    return SystemDefinition.ALL.stream().filter(system -> system.isCalled(name)).findFirst();
  }

  /** All systems that can be made. */
  public static List<SystemDefinition> all() {
    return SystemDefinition.ALL;
  }

  /**
   * The newest one in the cache, made only if there is none.
   *
   * @param builder makes the disk
   * @param progress hears of downloads and steps
   * @throws CatalogueException of any kind; nothing but whole packages is left then
   */
  public CachedSystem ensure(
      SystemDefinition system, SystemBuilder builder, ProgressListener progress)
      throws CatalogueException {
    Optional<CachedSystem> existing = newest(system);
    return existing.isPresent() ? existing.get() : make(system, builder, progress, false);
  }

  /**
   * Makes one of the newest packages, unless the one in the cache is.
   *
   * @throws CatalogueException of any kind; what was in the cache is then as it was
   */
  public CachedSystem pull(
      SystemDefinition system, SystemBuilder builder, ProgressListener progress)
      throws CatalogueException {
    return make(system, builder, progress, true);
  }

  /**
   * The newest one in the cache, if any.
   *
   * @throws CatalogueException of kind {@link Kind#CORRUPT_CACHE} if there is one and it is damaged
   */
  public Optional<CachedSystem> newest(SystemDefinition system) throws CatalogueException {
    List<CachedSystem> found = new ArrayList<>();
    for (Path each : folders(system)) {
      CachedSystem.open(each).ifPresent(found::add);
    }
    return found.stream().max(Comparator.comparing(each -> each.manifest().built()));
  }

  /** All systems that can be made, with what the cache has of each. */
  public List<ImageSummary> list() {
    List<ImageSummary> list = new ArrayList<>();
    for (SystemDefinition system : SystemDefinition.ALL) {
      list.add(summary(system));
    }
    return List.copyOf(list);
  }

  private ImageSummary summary(SystemDefinition system) {
    Optional<CachedSystem> found;
    try {
      found = newest(system);
    } catch (CatalogueException e) {
      return summary(system, ImageSummary.State.CORRUPT, null);
    }
    if (found.isEmpty()) {
      return summary(system, ImageSummary.State.ABSENT, null);
    }
    return summary(
        system,
        found.get().looksWhole() ? ImageSummary.State.READY : ImageSummary.State.CORRUPT,
        found.get());
  }

  private ImageSummary summary(
      SystemDefinition system, ImageSummary.State state, CachedSystem found) {
    boolean known = found != null;
    return new ImageSummary(
        system.name(),
        system.description(),
        system.architecture(),
        state,
        known ? found.manifest().suite() : null,
        known ? found.manifest().kernelRelease() : null,
        null,
        null,
        known ? found.bytes() : 0,
        known ? found.manifest().built() : null,
        known ? found.folder() : folder(system));
  }

  /** Where systems of a kind lie or would lie. */
  public Path folder(SystemDefinition system) {
    return folder.resolve("systems").resolve(system.name());
  }

  /**
   * Removes a system from the cache, with the packages that were fetched for it.
   *
   * @return whether there was anything
   */
  public boolean remove(SystemDefinition system, ProgressListener progress)
      throws CatalogueException {
    try (CacheLock _ = lock(system, progress)) {
      boolean there = Files.exists(folder(system));
      for (Path each : folders(system)) {
        for (Path overlay : overlays(each)) {
          progress.note("the disk " + overlay + " stood on this system and is of no use any more");
        }
      }
      CacheFiles.deleteTree(partialFolder(system));
      CacheFiles.deleteTree(folder(system));
      store().clear();
      return there;
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw CacheFiles.translate(e, folder);
    }
  }

  /**
   * Notes that a disk which the user keeps stands on a system, so that it stays.
   *
   * @param overlay the disk's file
   */
  public void keep(CachedSystem system, Path overlay) throws CatalogueException {
    Path list = system.folder().resolve(OVERLAYS_FILE);
    try {
      List<String> lines = new ArrayList<>();
      overlays(system.folder()).forEach(each -> lines.add(each.toString()));
      String line = overlay.toAbsolutePath().normalize().toString();
      if (!lines.contains(line)) {
        lines.add(line);
        Files.write(list, lines);
      }
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw CacheFiles.translate(e, system.folder());
    }
  }

  /** Kept disks that stand on a system and are still there. */
  private static List<Path> overlays(Path system) throws IOException {
    Path list = system.resolve(OVERLAYS_FILE);
    if (!Files.exists(list)) {
      return List.of();
    }
    return Files.readAllLines(list).stream().map(Path::of).filter(Files::exists).toList();
  }

  private CachedSystem make(
      SystemDefinition system, SystemBuilder builder, ProgressListener progress, boolean refresh)
      throws CatalogueException {
    try (CacheLock _ = lock(system, progress)) {
      if (!refresh) {
        // Another process may have finished while we waited.
        Optional<CachedSystem> existing = newest(system);
        if (existing.isPresent()) {
          return existing.get();
        }
      }
      CacheFiles.createFolder(folder.resolve("systems"));
      try (PartialFolder work = PartialFolder.create(partialFolder(system))) {
        return make(system, builder, work.path(), progress);
      }
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw CacheFiles.translate(e, folder);
    }
  }

  private CachedSystem make(
      SystemDefinition system, SystemBuilder builder, Path work, ProgressListener progress)
      throws IOException {
    CacheFiles.requireSpace(work, BUILD_BYTES);
    HttpFetcher fetcher = new HttpFetcher(access.proxies(), progress);
    List<DebianPackage> index =
        new DebianArchive(
                access.mirrors(), system.suite(), access.keys(), access.clock(), fetcher, progress)
            .packages(system.architecture(), work);
    SystemPreparation preparation = new SystemPreparation(system, index, access.mirrors());
    Path target = folder(system).resolve(preparation.recipe());
    Optional<CachedSystem> same = whole(target);
    if (same.isPresent()) {
      progress.note(system.name() + " is up to date");
      return same.get();
    }
    Map<String, Path> files = store().fetch(preparation.packages(), access.proxies(), progress);
    Path image = work.resolve("image");
    CacheFiles.createFolder(image);
    Path volume = work.resolve("packages.iso");
    Prepared prepared = preparation.prepare(files, volume, progress);
    builder.build(prepared.media(), image.resolve(SystemManifest.DISK_FILE), progress);
    SystemManifest manifest =
        new SystemManifest(
            system.name(),
            system.suite(),
            system.architecture(),
            access.clock().instant(),
            preparation.recipe(),
            preparation.count(),
            prepared.kernelRelease(),
            stored(prepared.media().kernel()),
            stored(prepared.initrd()));
    CacheFiles.write(image.resolve(SystemManifest.KERNEL_FILE), prepared.media().kernel());
    CacheFiles.write(image.resolve(SystemManifest.INITRD_FILE), prepared.initrd());
    CacheFiles.write(
        image.resolve(SystemManifest.PACKAGES_FILE),
        preparation.list().getBytes(StandardCharsets.UTF_8));
    CacheFiles.write(image.resolve(SystemManifest.MANIFEST_FILE), manifest.toJson());
    CacheFiles.createFolder(folder(system));
    CacheFiles.deleteTree(target); // a damaged one, or nothing
    CacheFiles.rename(image, target);
    store().clear();
    removeOthers(system, target);
    return CachedSystem.open(target)
        .orElseThrow(() ->
            new CatalogueException(
                Kind.CORRUPT_CACHE, target + " was removed meanwhile; try again"));
  }

  private static Optional<CachedSystem> whole(Path target) {
    try {
      return CachedSystem.open(target).filter(CachedSystem::looksWhole);
    } catch (CatalogueException e) {
      return Optional.empty();
    }
  }

  /** Machines that run on an older one have its files open, which is enough for them. */
  private void removeOthers(SystemDefinition system, Path current) throws IOException {
    for (Path each : folders(system)) {
      if (!each.equals(current) && overlays(each).isEmpty()) {
        CacheFiles.deleteTree(each);
      }
    }
  }

  private List<Path> folders(SystemDefinition system) throws CatalogueException {
    List<Path> folders = new ArrayList<>();
    if (!Files.isDirectory(folder(system))) {
      return folders;
    }
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder(system))) {
      all.forEach(folders::add);
    } catch (IOException e) {
      throw CacheFiles.translate(e, folder(system));
    }
    return folders;
  }

  private static StoredFile stored(byte[] content) {
    return new StoredFile(content.length, Sha256.of(content));
  }

  private PackageStore store() {
    return new PackageStore(folder.resolve("packages"));
  }

  private CacheLock lock(SystemDefinition system, ProgressListener progress)
      throws CatalogueException {
    Path locks = folder.resolve("locks");
    CacheFiles.createFolder(locks);
    return CacheLock.acquire(
        locks.resolve("system-" + system.name() + ".lock"), system.name(), progress);
  }

  private Path partialFolder(SystemDefinition system) {
    return folder.resolve("systems").resolve(".partial-" + system.name());
  }
}
