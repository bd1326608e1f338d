package org.wardian.daemon.filter;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.wardian.daemon.Folders;
import org.wardian.daemon.network.NetworkRefusal;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.definition.filter.BindingDocument;
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
final class FilterBindings implements HandlerFamily {
  private static final System.Logger LOG = System.getLogger(FilterBindings.class.getName());
  private static final int VALIDATE = 1;

  private final DefinitionFolder files;
  private final Predicate<String> filterExists;
  private final Map<String, BindingDocument> bindings = new TreeMap<>();

  FilterBindings(Folders folders, Predicate<String> filterExists) {
    files = new DefinitionFolder(folders.state().resolve("nwfilter-binding"));
    this.filterExists = filterExists;
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

  /** Whether a filter is bound to a port. */
  synchronized boolean uses(String filter) {
    return bindings.values().stream().anyMatch(one -> one.filter().equals(filter));
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
    BindingDocument binding;
    try {
      binding = BindingDocument.parse(xml);
    } catch (DefinitionException e) {
      throw NetworkRefusal.of(e, ErrorDomain.NWFILTER);
    }
    if (!filterExists.test(binding.filter())) {
      throw NetworkFilters.error(
          ErrorNumber.INTERNAL_ERROR, "referenced filter '" + binding.filter() + "' is missing");
    }
    synchronized (this) {
      if (bindings.containsKey(binding.port())) {
        throw NetworkFilters.error(
            ErrorNumber.OPERATION_FAILED, "binding '" + binding.port() + "' already exists");
      }
      try {
        files.write(binding.port(), binding.toString());
      } catch (IOException | IllegalArgumentException e) {
        throw new LibvirtException(
            ErrorNumber.INTERNAL_ERROR, ErrorDomain.NWFILTER, e.getMessage(), e);
      }
      bindings.put(binding.port(), binding);
    }
    return binding;
  }

  private synchronized void delete(String port) throws LibvirtException {
    find(port);
    try {
      files.delete(port);
    } catch (IOException e) {
      throw new LibvirtException(
          ErrorNumber.INTERNAL_ERROR, ErrorDomain.NWFILTER, e.getMessage(), e);
    }
    bindings.remove(port);
  }
}
