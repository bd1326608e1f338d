package org.wardian.daemon.filter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.CardFilters;
import org.wardian.daemon.network.NetworkRefusal;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.definition.filter.FilterDocument;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectListAllNwfiltersRet;
import org.wardian.libvirt.wire.remote.ConnectListNwfiltersRet;
import org.wardian.libvirt.wire.remote.ConnectNumOfNwfiltersRet;
import org.wardian.libvirt.wire.remote.NwfilterDefineXmlFlagsRet;
import org.wardian.libvirt.wire.remote.NwfilterDefineXmlRet;
import org.wardian.libvirt.wire.remote.NwfilterGetXmlDescRet;
import org.wardian.libvirt.wire.remote.NwfilterLookupByNameRet;
import org.wardian.libvirt.wire.remote.NwfilterLookupByUuidRet;
import org.wardian.libvirt.wire.remote.NwfilterRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/**
 * Definitions of network filters, in files of the folder {@code nwfilter}. Life cycle: constructed,
 * then {@link #load}.
 */
public final class NetworkFilters implements HandlerFamily {
  private static final System.Logger LOG = System.getLogger(NetworkFilters.class.getName());
  private static final int VALIDATE = 1;

  private final Path folder;
  private final DefinitionFolder files;
  private final Random random = new SecureRandom();
  private final Map<String, FilterDocument> filters = new ConcurrentSkipListMap<>();
  private final FilterBindings bindings;
  private final ReentrantLock defining = new ReentrantLock();

  /** None are known before {@link #load}. */
  public NetworkFilters(Folders folders) {
    folder = folders.configuration().resolve("nwfilter");
    files = new DefinitionFolder(folder);
    bindings = new FilterBindings(folders, this::find);
  }

  /**
   * Reads all definitions; where there never were any, those that libvirt's packages bring are
   * written first.
   */
  public synchronized void load() throws IOException {
    if (!Files.isDirectory(folder)) {
      for (FilterDocument one : FilterDocument.standard()) {
        try {
          FilterDocument complete = one.complete(random);
          files.write(complete.name(), complete.toString());
        } catch (DefinitionException e) {
          throw new IOException(e.getMessage(), e);
        }
      }
    }
    for (Map.Entry<String, XmlElement> file : files.readAll().entrySet()) {
      try {
        FilterDocument filter = FilterDocument.of(file.getValue());
        if (filter.uuid() == null || !filter.name().equals(file.getKey())) {
          throw DefinitionException.xml("it has no uuid, or another name than its file");
        }
        filters.put(filter.name(), filter);
      } catch (DefinitionException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            files.file(file.getKey()) + " is no filter, and is left as it is: " + e.getMessage());
      }
    }
    bindings.load();
  }

  private FilterDocument find(String name) {
    return filters.get(name);
  }

  /** The rules of machines' cards. */
  public CardFilters cards() {
    return bindings;
  }

  /** Told of a port whose rules are others now: it has to get them. */
  @FunctionalInterface
  public interface PortChange {
    /**
     * The rules of a port have changed.
     *
     * @throws LibvirtException where they cannot be had there
     */
    void changed(String port) throws LibvirtException;
  }

  /**
   * Sets who is told of changes, and tells of all ports that are bound: what was changed while
   * there was no daemon is told now.
   */
  public void onChange(PortChange told) {
    bindings.onChange(told::changed);
    for (String port : bindings.ports()) {
      try {
        told.changed(port);
      } catch (LibvirtException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            "the rules of " + port + " stay as they are: " + e.getMessage());
      }
    }
  }

  @Override
  public void register(HandlerTable table) {
    bindings.register(table);
    table.on(
        RemoteProgram.CONNECT_NUM_OF_NWFILTERS,
        (call, a) -> new ConnectNumOfNwfiltersRet(references().size()));
    table.on(
        RemoteProgram.CONNECT_LIST_NWFILTERS,
        (call, a) ->
            new ConnectListNwfiltersRet(
                references().stream()
                    .map(NwfilterRef::name)
                    .limit(Math.max(0, a.maxnames()))
                    .toList()));
    table.on(
        RemoteProgram.CONNECT_LIST_ALL_NWFILTERS,
        (call, a) -> {
          call.checkFlags(a.flags(), 0);
          List<NwfilterRef> all = references();
          return new ConnectListAllNwfiltersRet(a.needResults() == 0 ? List.of() : all, all.size());
        });
    table.on(
        RemoteProgram.NWFILTER_LOOKUP_BY_NAME,
        (call, a) -> new NwfilterLookupByNameRet(reference(byName(a.name()))));
    table.on(
        RemoteProgram.NWFILTER_LOOKUP_BY_UUID,
        (call, a) -> new NwfilterLookupByUuidRet(reference(byUuid(a.uuid()))));
    table.on(
        RemoteProgram.NWFILTER_GET_XML_DESC,
        (call, a) -> {
          call.checkFlags(a.flags(), 0);
          return new NwfilterGetXmlDescRet(byUuid(a.nwfilter().uuid()).toString());
        });
    table.on(
        RemoteProgram.NWFILTER_DEFINE_XML,
        (call, a) -> new NwfilterDefineXmlRet(reference(define(a.xml()))));
    table.on(
        RemoteProgram.NWFILTER_DEFINE_XML_FLAGS,
        (call, a) -> {
          call.checkFlags(a.flags(), VALIDATE);
          return new NwfilterDefineXmlFlagsRet(reference(define(a.xml())));
        });
    table.act(RemoteProgram.NWFILTER_UNDEFINE, (call, a) -> undefine(byUuid(a.nwfilter().uuid())));
  }

  private static NwfilterRef reference(FilterDocument filter) {
    return new NwfilterRef(filter.name(), filter.uuid());
  }

  private synchronized List<NwfilterRef> references() {
    return filters.values().stream().map(NetworkFilters::reference).toList();
  }

  static LibvirtException error(ErrorNumber number, String detail) {
    return new LibvirtException(number, ErrorDomain.NWFILTER, detail);
  }

  private synchronized FilterDocument byName(String name) throws LibvirtException {
    FilterDocument filter = filters.get(name);
    if (filter == null) {
      throw error(ErrorNumber.NO_NWFILTER, "no nwfilter with matching name '" + name + "'");
    }
    return filter;
  }

  private synchronized FilterDocument byUuid(UUID uuid) throws LibvirtException {
    for (FilterDocument filter : filters.values()) {
      if (filter.uuid().equals(uuid)) {
        return filter;
      }
    }
    throw error(ErrorNumber.NO_NWFILTER, "no nwfilter with matching uuid '" + uuid + "'");
  }

  /** Definitions come one after the other: machines get what was defined last. */
  private FilterDocument define(String xml) throws LibvirtException {
    defining.lock();
    try {
      FilterDocument filter = FilterDocument.parse(xml).complete(random);
      FilterDocument before = find(filter.name());
      List<String> users = bindings.users(filter.name());
      bindings.check(users, name -> name.equals(filter.name()) ? filter : find(name));
      store(filter);
      try {
        bindings.apply(users);
      } catch (LibvirtException e) {
        if (before != null) {
          store(before);
          bindings.apply(users);
        }
        throw e;
      }
      return filter;
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e, ErrorDomain.NWFILTER);
    } finally {
      defining.unlock();
    }
  }

  private synchronized void store(FilterDocument filter) throws LibvirtException {
    for (FilterDocument other : filters.values()) {
      boolean sameName = other.name().equals(filter.name());
      boolean sameId = other.uuid().equals(filter.uuid());
      if (sameId && !sameName) {
        throw error(
            ErrorNumber.OPERATION_FAILED,
            "filter with same UUID but different name ('" + other.name() + "') already exists");
      }
      if (sameName && !sameId) {
        throw error(
            ErrorNumber.OPERATION_FAILED,
            "filter '" + filter.name() + "' already exists with uuid " + other.uuid());
      }
    }
    if (loops(filter)) {
      throw error(ErrorNumber.OPERATION_FAILED, "filter would introduce a loop");
    }
    try {
      files.write(filter.name(), filter.toString());
    } catch (IOException | IllegalArgumentException e) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR, ErrorDomain.NWFILTER, "cannot write: " + e.getMessage(), e);
    }
    filters.put(filter.name(), filter);
  }

  /** Whether a filter would include itself. */
  private boolean loops(FilterDocument filter) {
    Set<String> seen = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(filter.includes());
    while (!open.isEmpty()) {
      String name = open.pop();
      if (name.equals(filter.name())) {
        return true;
      }
      FilterDocument included = filters.get(name);
      if (seen.add(name) && included != null) {
        open.addAll(included.includes());
      }
    }
    return false;
  }

  private void undefine(FilterDocument filter) throws LibvirtException {
    defining.lock();
    try {
      remove(filter);
    } finally {
      defining.unlock();
    }
  }

  private void remove(FilterDocument filter) throws LibvirtException {
    if (!bindings.users(filter.name()).isEmpty()) {
      throw error(ErrorNumber.OPERATION_INVALID, "nwfilter is in use");
    }
    try {
      files.delete(filter.name());
    } catch (IOException e) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR, ErrorDomain.NWFILTER, "cannot delete: " + e.getMessage(), e);
    }
    filters.remove(filter.name());
  }
}
