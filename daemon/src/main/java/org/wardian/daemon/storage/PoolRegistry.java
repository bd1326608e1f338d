package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.wardian.daemon.Folders;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.definition.storage.PoolDefinition;
import org.wardian.definition.storage.PoolDefinition.Usage;
import org.wardian.definition.storage.PoolType;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;

/**
 * All pools by name, and their files: definitions in the configuration's folder, and in the state's
 * folder one for each that is active.
 */
final class PoolRegistry {
  private static final System.Logger LOG = System.getLogger(PoolRegistry.class.getName());

  /** Where libvirt looks for the tools. */
  static final LogicalBackend LOGICAL = new LogicalBackend(new LogicalTools(Path.of("/sbin")));

  private static final Map<PoolType, PoolBackend> BACKENDS = backends();

  private final DefinitionFolder definitions;
  private final DefinitionFolder states;
  private final Path autostarted;
  private final Map<String, Pool> pools = new TreeMap<>();

  PoolRegistry(Folders folders) {
    definitions = new DefinitionFolder(folders.configuration().resolve("storage"));
    Path state = folders.state().resolve("storage");
    states = new DefinitionFolder(state);
    autostarted = state.resolve("autostarted");
  }

  private static Map<PoolType, PoolBackend> backends() {
    PoolBackend mounts = new MountBackend();
    return Map.of(
        PoolType.DIR,
        new FolderBackend(),
        PoolType.FS,
        mounts,
        PoolType.NETFS,
        mounts,
        PoolType.LOGICAL,
        LOGICAL);
  }

  /** The kinds of pools that there are here, with the programs that the host has now. */
  static Set<PoolType> supported() {
    return BACKENDS.keySet().stream()
        .filter(type -> BACKENDS.get(type).isSupported())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Refuses a kind that is not {@link #supported}, with the reason. */
  static void requireSupported(PoolType type) throws LibvirtException {
    if (!backend(type).isSupported()) {
      throw StorageErrors.of(
          ErrorNumber.INTERNAL_ERROR,
          missing(type) + ": its programs are missing here, install the package lvm2");
    }
  }

  private static String missing(PoolType type) {
    return "missing backend for pool type " + type.ordinal() + " (" + type.text() + ")";
  }

  static PoolBackend backend(PoolType type) throws LibvirtException {
    PoolBackend backend = BACKENDS.get(type);
    if (backend == null) {
      throw StorageErrors.of(ErrorNumber.INTERNAL_ERROR, missing(type));
    }
    return backend;
  }

  synchronized List<Pool> all() {
    return new ArrayList<>(pools.values());
  }

  synchronized Pool find(String name) {
    return pools.get(name);
  }

  synchronized Pool find(UUID uuid) {
    for (Pool pool : pools.values()) {
      if (pool.uuid().equals(uuid)) {
        return pool;
      }
    }
    return null;
  }

  /**
   * The pool that a definition is about, or a new one.
   *
   * @param starting whether it must not be active yet
   * @throws LibvirtException where its name, UUID or source belongs to another
   */
  synchronized Pool add(PoolDefinition definition, boolean starting) throws LibvirtException {
    PoolBackend backend = backend(definition.type());
    for (Pool other : pools.values()) {
      if (!other.name().equals(definition.name())
          && PoolConflicts.between(other.nextDefinition(), definition)) {
        throw StorageErrors.failed("Storage source conflict with pool: '" + other.name() + "'");
      }
    }
    Pool known = find(definition.uuid());
    if (known != null && !known.name().equals(definition.name())) {
      throw StorageErrors.failed(
          "pool '" + known.name() + "' is already defined with uuid " + known.uuid());
    }
    Pool named = pools.get(definition.name());
    if (known == null && named != null) {
      throw StorageErrors.failed(
          "pool '" + named.name() + "' already exists with uuid " + named.uuid());
    }
    if (known != null && starting && known.active()) {
      throw StorageErrors.invalid("pool is already active as '" + known.name() + "'");
    }
    if (known != null) {
      return known;
    }
    if (!DefinitionFolder.isName(definition.name())) {
      throw StorageErrors.of(
          ErrorNumber.XML_ERROR, "name " + definition.name() + " cannot be that of a file");
    }
    Pool fresh = new Pool(definition, backend);
    pools.put(fresh.name(), fresh);
    return fresh;
  }

  /** Forgets a pool that is neither active nor kept. */
  synchronized void removeIfUnused(Pool pool) {
    if (!pool.active() && !pool.persistent()) {
      pool.remove();
      pools.remove(pool.name(), pool);
    }
  }

  /** Forgets a pool with its definition. */
  synchronized void remove(Pool pool) throws LibvirtException {
    try {
      definitions.delete(pool.name());
    } catch (IOException e) {
      throw StorageErrors.system("cannot remove config for " + pool.name(), e);
    }
    pool.remove();
    pools.remove(pool.name(), pool);
  }

  void keep(Pool pool, PoolDefinition definition) throws LibvirtException {
    try {
      definitions.write(definition.name(), definition.document(Usage.NONE));
    } catch (IOException e) {
      throw StorageErrors.system("cannot write config file of pool " + definition.name(), e);
    }
    pool.define(definition);
  }

  void setAutostart(Pool pool, boolean wanted) throws LibvirtException {
    try {
      definitions.setAutostart(pool.name(), wanted);
    } catch (IOException e) {
      throw StorageErrors.system("cannot set autostart of pool " + pool.name(), e);
    }
    pool.autostart(wanted);
  }

  /** Notes that a pool is active, for the next daemon. */
  void noteActive(Pool pool) throws LibvirtException {
    XmlElement state = new XmlElement("poolstate");
    state.add(pool.definition().element(Usage.NONE));
    try {
      states.write(pool.name(), state.toString());
    } catch (IOException e) {
      throw StorageErrors.system("cannot write status file of pool " + pool.name(), e);
    }
  }

  void noteInactive(Pool pool) {
    try {
      states.delete(pool.name());
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "the status of pool " + pool.name() + " stays", e);
    }
  }

  /**
   * Reads what a daemon before this one has left. A pool that it had active is so again if the host
   * still has it; after a start of the host those that are marked for it are started.
   *
   * @return the pools that are to be started
   */
  Set<Pool> load() {
    Set<Pool> starting = new HashSet<>();
    Map<String, PoolDefinition> was = new TreeMap<>();
    documents(states)
        .forEach((name, root) -> {
          PoolDefinition definition = root.child("pool") == null ? null : read(root.child("pool"));
          if (definition != null && definition.name().equals(name)) {
            was.put(name, definition);
          }
        });
    documents(definitions)
        .forEach((name, root) -> {
          PoolDefinition definition = read(root);
          Pool pool = definition == null ? null : loaded(name, definition);
          if (pool != null) {
            pool.define(definition);
            pool.autostart(definitions.autostart(name));
            if (pool.autostart() && firstStart()) {
              starting.add(pool);
            }
          }
        });
    was.forEach((name, definition) -> {
      Pool pool = find(name);
      if (pool == null) {
        pool = loaded(name, definition);
      }
      if (pool == null || !pool.uuid().equals(definition.uuid())) {
        return;
      }
      resume(pool, definition);
      starting.remove(pool);
    });
    noteStarted();
    return starting;
  }

  private void resume(Pool pool, PoolDefinition definition) {
    PoolDefinition kept = pool.persistent() ? pool.definition() : null;
    try {
      if (pool.backend.isActive(definition)) {
        PoolBackend.Content content = pool.backend.scan(definition);
        pool.resume(definition, kept);
        pool.activate(content, Set.of());
        return;
      }
    } catch (LibvirtException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "pool " + pool.name() + " is not active any more: " + e.getMessage());
    }
    noteInactive(pool);
    removeIfUnused(pool);
  }

  private Pool loaded(String name, PoolDefinition definition) {
    if (!definition.name().equals(name)) {
      LOG.log(
          System.Logger.Level.ERROR,
          "the file of pool " + name + " is about " + definition.name() + ", and is not used");
      return null;
    }
    try {
      return add(definition, false);
    } catch (LibvirtException e) {
      LOG.log(System.Logger.Level.ERROR, "pool " + name + " is not used: " + e.getMessage());
      return null;
    }
  }

  private static Map<String, XmlElement> documents(DefinitionFolder folder) {
    try {
      return folder.readAll();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "definitions of pools cannot be read", e);
      return Map.of();
    }
  }

  private static PoolDefinition read(XmlElement root) {
    try {
      return PoolDefinition.of(root);
    } catch (XmlException e) {
      LOG.log(System.Logger.Level.ERROR, "a definition of a pool is not used: " + e.getMessage());
      return null;
    }
  }

  /** Whether no daemon ran since the host was started: the state's folder does not outlive that. */
  private boolean firstStart() {
    return !Files.exists(autostarted);
  }

  private void noteStarted() {
    try {
      Files.createDirectories(autostarted.getParent());
      if (firstStart()) {
        Files.createFile(autostarted);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, autostarted + " cannot be written", e);
    }
  }
}
