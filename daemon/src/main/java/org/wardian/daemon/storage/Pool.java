package org.wardian.daemon.storage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.definition.storage.Permissions;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.StoragePoolRef;

/**
 * A pool with its volumes. Its monitor guards what is here and is held for moments only; {@link
 * #transition} is held by whoever starts, stops, builds or scans it, which may take long.
 */
final class Pool {
  final ReentrantLock transition = new ReentrantLock();
  final PoolBackend backend;
  private final UUID uuid;
  private final String name;
  private PoolDefinition definition;
  private PoolDefinition next;
  private boolean persistent;
  private boolean active;
  private boolean gone;
  private boolean autostart;
  private Usage usage = Usage.NONE;
  private Permissions permissions = Permissions.UNSAID;
  private Map<String, Volume> volumes = new TreeMap<>();

  /** Volumes that were removed during a scan, which may have seen them; null without one. */
  private Set<String> removed;

  private int jobs;

  Pool(PoolDefinition definition, PoolBackend backend) {
    this.definition = definition;
    this.backend = backend;
    uuid = definition.uuid();
    name = definition.name();
  }

  String name() {
    return name;
  }

  UUID uuid() {
    return uuid;
  }

  StoragePoolRef ref() {
    return new StoragePoolRef(name, uuid);
  }

  /** What it is made of now. */
  synchronized PoolDefinition definition() {
    return definition;
  }

  /** What it will be made of when it is started again. */
  synchronized PoolDefinition nextDefinition() {
    return next != null ? next : definition;
  }

  /** Gives it a persistent definition, which counts from its next start where it is active. */
  synchronized void define(PoolDefinition value) {
    persistent = true;
    if (active) {
      next = value;
    } else {
      definition = value;
      next = null;
    }
  }

  /** Gives it the definition that it is started with once; one that is kept comes back then. */
  synchronized void propose(PoolDefinition value) {
    if (persistent && next == null) {
      next = definition;
    }
    definition = value;
  }

  /** Takes back what {@link #propose} said, unless it was started with it. */
  synchronized void withdraw() {
    if (!active && next != null) {
      definition = next;
      next = null;
    }
  }

  synchronized boolean persistent() {
    return persistent;
  }

  synchronized boolean active() {
    return active;
  }

  synchronized boolean autostart() {
    return autostart;
  }

  synchronized void autostart(boolean value) {
    autostart = value;
  }

  synchronized Usage usage() {
    return usage;
  }

  synchronized void usage(Usage value) {
    usage = value;
  }

  /** The document; {@code inactive} for that of its next start. */
  synchronized String document(boolean inactive) {
    if (inactive && next != null) {
      return next.document(Usage.NONE);
    }
    return active
        ? definition.withPermissions(permissions).document(usage)
        : definition.document(Usage.NONE);
  }

  synchronized void requireActive() throws LibvirtException {
    if (!active) {
      throw StorageErrors.invalid("storage pool '" + name + "' is not active");
    }
  }

  synchronized void requireInactive(String word) throws LibvirtException {
    if (active) {
      throw StorageErrors.invalid("storage pool '" + name + "' is " + word + " active");
    }
  }

  synchronized void requireNoJobs() throws LibvirtException {
    if (jobs > 0) {
      throw StorageErrors.of(
          ErrorNumber.INTERNAL_ERROR, "pool '" + name + "' has asynchronous jobs running.");
    }
  }

  /** It was removed while somebody waited for it. */
  synchronized void requireThere() throws LibvirtException {
    if (gone) {
      throw StorageErrors.of(
          ErrorNumber.NO_STORAGE_POOL,
          "no storage pool with matching uuid '" + uuid + "' (" + name + ")");
    }
  }

  synchronized void remove() {
    gone = true;
  }

  /**
   * It has been started with this content, or scanned again. What was made or removed while it was
   * scanned is so afterwards.
   *
   * @param before names of the volumes when the scan began
   */
  synchronized void activate(PoolBackend.Content content, Set<String> before) {
    active = true;
    usage = content.usage();
    permissions = content.permissions();
    Map<String, Volume> found = new TreeMap<>();
    for (VolumeDefinition one : content.volumes()) {
      Volume known = volumes.get(one.name());
      if (known != null) {
        if (!known.building()) {
          known.definition(one);
        }
        found.put(one.name(), known);
      } else if (!before.contains(one.name())
          && (removed == null || !removed.contains(one.name()))) {
        found.put(one.name(), new Volume(one, false));
      }
    }
    volumes.forEach((key, volume) -> {
      if (volume.building() || volume.busy() || !before.contains(key)) {
        found.putIfAbsent(key, volume);
      }
    });
    volumes = found;
    removed = null;
  }

  /** Begins a scan: the names of the volumes that there are. */
  synchronized Set<String> beginScan() {
    removed = new HashSet<>();
    return Set.copyOf(volumes.keySet());
  }

  /**
   * It is what it was for the daemon before.
   *
   * @param was what it is made of while it stays active
   * @param kept what it is made of when it is started again; null where it is not kept
   */
  synchronized void resume(PoolDefinition was, PoolDefinition kept) {
    definition = was;
    boolean same = kept == null || kept.document(Usage.NONE).equals(was.document(Usage.NONE));
    next = same ? null : kept;
  }

  /**
   * Ends its being active, unless somebody works in it.
   *
   * @param always even then
   */
  synchronized void deactivate(boolean always) throws LibvirtException {
    if (!always) {
      requireActive();
      requireNoJobs();
    }
    active = false;
    usage = Usage.NONE;
    permissions = Permissions.UNSAID;
    volumes = new TreeMap<>();
    removed = null;
    if (next != null) {
      definition = next;
      next = null;
    }
  }

  // Volumes.

  synchronized List<Volume> volumes() throws LibvirtException {
    requireActive();
    return new ArrayList<>(volumes.values());
  }

  /** Without an error where there is none, or the pool is not active. */
  synchronized Volume findVolume(String volume) {
    return active ? volumes.get(volume) : null;
  }

  /** The volume of a key; null where there is none, or the pool is not active. */
  synchronized Volume findKey(String key) {
    if (active) {
      for (Volume one : volumes.values()) {
        if (key.equals(one.definition().key())) {
          return one;
        }
      }
    }
    return null;
  }

  synchronized Volume volume(String volume) throws LibvirtException {
    requireActive();
    Volume found = volumes.get(volume);
    if (found == null) {
      throw StorageErrors.of(
          ErrorNumber.NO_STORAGE_VOL, "no storage vol with matching name '" + volume + "'");
    }
    return found;
  }

  /** Adds one that is being made, and counts its job. */
  synchronized void beginBuilding(Volume volume) throws LibvirtException {
    requireActive();
    if (volumes.containsKey(volume.name())) {
      throw StorageErrors.of(ErrorNumber.STORAGE_VOL_EXIST, volume.name());
    }
    volumes.put(volume.name(), volume);
    jobs++;
  }

  /** One that was being made is there, or could not be made. */
  synchronized void endBuilding(Volume volume, boolean made) {
    jobs--;
    volume.built();
    if (!made) {
      volumes.remove(volume.name(), volume);
    }
  }

  /** Begins to work on a volume, which must be whole. */
  synchronized Volume beginUse(String volumeName, boolean alone) throws LibvirtException {
    Volume volume = volume(volumeName);
    if (alone) {
      volume.requireFree();
    } else {
      volume.requireBuilt();
    }
    volume.use(1);
    jobs++;
    return volume;
  }

  synchronized void endUse(Volume volume) {
    volume.use(-1);
    jobs--;
  }

  synchronized void removeVolume(Volume volume) {
    volumes.remove(volume.name(), volume);
    if (removed != null) {
      removed.add(volume.name());
    }
  }
}
