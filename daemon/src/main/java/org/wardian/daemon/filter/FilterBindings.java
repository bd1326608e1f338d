package org.wardian.daemon.filter;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.wardian.daemon.Folders;
import org.wardian.daemon.domain.CardFilters;
import org.wardian.daemon.network.NetworkRefusal;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.definition.filter.BindingDocument;
import org.wardian.definition.filter.FilterDocument;
import org.wardian.definition.filter.FilterTree;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectListAllNwfilterBindingsRet;
import org.wardian.libvirt.wire.remote.NwfilterBindingCreateXmlRet;
import org.wardian.libvirt.wire.remote.NwfilterBindingGetXmlDescRet;
import org.wardian.libvirt.wire.remote.NwfilterBindingLookupByPortDevRet;
import org.wardian.libvirt.wire.remote.NwfilterBindingRef;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Which filter is bound to which port: kept while the host runs. */
final class FilterBindings implements HandlerFamily, CardFilters {
  private static final System.Logger LOG = System.getLogger(FilterBindings.class.getName());
  private static final int VALIDATE = 1;

  private final DefinitionFolder files;
  private final Function<String, FilterDocument> find;
  private final Map<String, BindingDocument> bindings = new TreeMap<>();

  private volatile PortChange changed = port -> {};

  /** Told of a port whose rules are others now. */
  @FunctionalInterface
  interface PortChange {
    void changed(String port) throws LibvirtException;
  }

  FilterBindings(Folders folders, Function<String, FilterDocument> find) {
    files = new DefinitionFolder(folders.state().resolve("nwfilter-binding"));
    this.find = find;
  }

  void onChange(PortChange told) {
    changed = told;
  }

  synchronized void load() throws IOException {
    for (XmlElement file : files.readAll().values()) {
      try {
        BindingDocument binding = BindingDocument.of(file);
        bindings.put(binding.port(), binding);
      } catch (DefinitionException e) {
        LOG.log(System.Logger.Level.ERROR, "a filter's binding is lost: " + e.getMessage());
      }
    }
  }

  /** The ports whose rules come of a filter, directly or not. */
  synchronized List<String> users(String filter) {
    return bindings.values().stream()
        .filter(one -> leadsTo(one, filter))
        .map(BindingDocument::port)
        .toList();
  }

  private boolean leadsTo(BindingDocument binding, String filter) {
    try {
      return binding.filter().equals(filter)
          || tree(binding.reference(), binding.mac(), find).filters().containsKey(filter);
    } catch (DefinitionException e) {
      // One that is broken uses nothing that could be lost.
      return false;
    }
  }

  private static FilterTree tree(
      XmlElement reference, String mac, Function<String, FilterDocument> find)
      throws DefinitionException {
    return FilterTree.of(reference, Map.of("MAC", List.of(mac)), find);
  }

  /**
   * Makes rules of a filter, to see whether that can be.
   *
   * @throws LibvirtException in libvirt's words where it cannot
   */
  private static FilterTree check(
      XmlElement reference, String mac, Function<String, FilterDocument> find)
      throws LibvirtException {
    try {
      FilterTree tree = tree(reference, mac, find);
      if (tree.learning().isEmpty()) {
        tree.rules();
      }
      return tree;
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e, ErrorDomain.NWFILTER);
    }
  }

  /** Whether all bound filters still make rules where one is found otherwise. */
  void check(List<String> ports, Function<String, FilterDocument> otherwise)
      throws LibvirtException {
    List<BindingDocument> bound;
    synchronized (this) {
      bound = ports.stream().map(bindings::get).filter(Objects::nonNull).toList();
    }
    for (BindingDocument one : bound) {
      check(one.reference(), one.mac(), otherwise);
    }
  }

  /** Tells of ports whose filters have changed. */
  void apply(List<String> ports) throws LibvirtException {
    for (String port : ports) {
      changed.changed(port);
    }
  }

  /** The names of all bound ports. */
  synchronized List<String> ports() {
    return List.copyOf(bindings.keySet());
  }

  private static Rules rules(XmlElement reference, FilterTree tree) {
    return new Rules(
        reference, tree.filters().values().stream().map(FilterDocument::tree).toList());
  }

  @Override
  public Rules bind(Port port, XmlElement reference) throws LibvirtException {
    XmlElement binding = new XmlElement("filterbinding");
    binding
        .append("owner")
        .add(new XmlElement("name").text(port.domain()))
        .add(new XmlElement("uuid").text(port.owner().toString()));
    binding.append("portdev").set("name", port.name());
    binding.append("mac").set("address", port.mac());
    binding.add(reference.copy());
    BindingDocument document = parsed(binding.toString());
    FilterTree tree = check(document.reference(), document.mac(), find);
    synchronized (this) {
      put(document);
    }
    return rules(document.reference(), tree);
  }

  @Override
  public void unbind(String port) {
    synchronized (this) {
      if (bindings.remove(port) != null) {
        try {
          files.delete(port);
        } catch (IOException e) {
          LOG.log(System.Logger.Level.ERROR, "the binding of " + port + " is not removed", e);
        }
      }
    }
  }

  @Override
  public Optional<Rules> rules(String port) throws LibvirtException {
    BindingDocument binding;
    synchronized (this) {
      binding = bindings.get(port);
    }
    if (binding == null) {
      return Optional.empty();
    }
    return Optional.of(rules(binding.reference(), check(binding.reference(), binding.mac(), find)));
  }

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.CONNECT_LIST_ALL_NWFILTER_BINDINGS,
        (call, a) -> {
          call.checkFlags(a.flags(), 0);
          List<NwfilterBindingRef> all = references();
          return new ConnectListAllNwfilterBindingsRet(
              a.needResults() == 0 ? List.of() : all, all.size());
        });
    table.on(
        RemoteProgram.NWFILTER_BINDING_LOOKUP_BY_PORT_DEV,
        (call, a) -> new NwfilterBindingLookupByPortDevRet(reference(find(a.name()))));
    table.on(
        RemoteProgram.NWFILTER_BINDING_GET_XML_DESC,
        (call, a) -> {
          call.checkFlags(a.flags(), 0);
          return new NwfilterBindingGetXmlDescRet(find(a.nwfilter().portdev()).toString());
        });
    table.on(
        RemoteProgram.NWFILTER_BINDING_CREATE_XML,
        (call, a) -> {
          call.checkFlags(a.flags(), VALIDATE);
          return new NwfilterBindingCreateXmlRet(reference(create(a.xml())));
        });
    table.act(RemoteProgram.NWFILTER_BINDING_DELETE, (call, a) -> delete(a.nwfilter().portdev()));
  }

  private static NwfilterBindingRef reference(BindingDocument binding) {
    return new NwfilterBindingRef(binding.port(), binding.filter());
  }

  private synchronized List<NwfilterBindingRef> references() {
    return bindings.values().stream().map(FilterBindings::reference).toList();
  }

  private synchronized BindingDocument find(String port) throws LibvirtException {
    BindingDocument binding = bindings.get(port);
    if (binding == null) {
      throw NetworkFilters.error(
          ErrorNumber.NO_NWFILTER_BINDING, "no nwfilter binding for port dev '" + port + "'");
    }
    return binding;
  }

  private BindingDocument create(String xml) throws LibvirtException {
    BindingDocument binding = parsed(xml);
    check(binding.reference(), binding.mac(), find);
    synchronized (this) {
      if (bindings.containsKey(binding.port())) {
        throw NetworkFilters.error(
            ErrorNumber.OPERATION_FAILED, "binding '" + binding.port() + "' already exists");
      }
      put(binding);
    }
    try {
      changed.changed(binding.port());
    } catch (LibvirtException e) {
      unbind(binding.port());
      throw e;
    }
    return binding;
  }

  private static BindingDocument parsed(String xml) throws LibvirtException {
    try {
      return BindingDocument.parse(xml);
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e, ErrorDomain.NWFILTER);
    }
  }

  /** The caller holds the monitor. */
  private void put(BindingDocument binding) throws LibvirtException {
    try {
      files.write(binding.port(), binding.toString());
    } catch (IOException | IllegalArgumentException e) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR, ErrorDomain.NWFILTER, e.getMessage(), e);
    }
    bindings.put(binding.port(), binding);
  }

  private void delete(String port) throws LibvirtException {
    synchronized (this) {
      find(port);
      try {
        files.delete(port);
      } catch (IOException e) {
        throw new LibvirtException(
            ErrorNumber.INTERNAL_ERROR, ErrorDomain.NWFILTER, e.getMessage(), e);
      }
      bindings.remove(port);
    }
    changed.changed(port);
  }
}
