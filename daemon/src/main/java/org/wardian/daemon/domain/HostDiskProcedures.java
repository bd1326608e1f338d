package org.wardian.daemon.domain;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.wardian.daemon.group.DiskLimits;
import org.wardian.daemon.group.MachineGroup;
import org.wardian.daemon.typed.ParamReader;
import org.wardian.daemon.typed.Refusal;
import org.wardian.daemon.typed.TypedParams;
import org.wardian.definition.domain.Tuning;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainGetBlkioParametersArgs;
import org.wardian.libvirt.wire.remote.DomainGetBlkioParametersRet;
import org.wardian.libvirt.wire.remote.DomainSetBlkioParametersArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What a domain may do with the host's disks, which its control group is held to. */
final class HostDiskProcedures extends DomainProcedures {
  private static final List<String> DEVICE_LIMITS =
      List.of(
          "device_weight",
          "device_read_iops_sec",
          "device_write_iops_sec",
          "device_read_bytes_sec",
          "device_write_bytes_sec");
  private static final List<String> DEVICE_ELEMENTS =
      List.of("weight", "read_iops_sec", "write_iops_sec", "read_bytes_sec", "write_bytes_sec");

  HostDiskProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(RemoteProgram.DOMAIN_GET_BLKIO_PARAMETERS, this::hostLimits);
    handlers.act(RemoteProgram.DOMAIN_SET_BLKIO_PARAMETERS, this::setHostLimits);
  }

  private DomainGetBlkioParametersRet hostLimits(Call call, DomainGetBlkioParametersArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 7);
    Domain domain = find(args.dom());
    Impact impact = Impact.ofLook(domain, args.flags() & 3);
    Tuning tuning = document(domain, impact).tuning();
    Optional<MachineGroup> group = TuningProcedures.group(domain, impact);
    long weight = group.map(one -> one.disks().weight()).orElse(tuning.blockWeight()).orElse(0);
    TypedParams params = new TypedParams().uint32("weight", (int) weight);
    for (int i = 0; i < DEVICE_LIMITS.size(); i++) {
      StringBuilder text = new StringBuilder();
      for (Tuning.BlockDevice device : tuning.blockDevices()) {
        String value = device.element().textAt(DEVICE_ELEMENTS.get(i));
        if (value != null) {
          text.append(text.isEmpty() ? "" : ",").append(device.path()).append(',').append(value);
        }
      }
      params.text(DEVICE_LIMITS.get(i), text.toString());
    }
    return new DomainGetBlkioParametersRet(
        params.page(args.nparams(), args.flags()), params.count(args.flags()));
  }

  private void setHostLimits(Call call, DomainSetBlkioParametersArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), 3);
    Map<String, ParamReader.Kind> kinds = new LinkedHashMap<>();
    kinds.put("weight", ParamReader.Kind.UINT);
    DEVICE_LIMITS.forEach(name -> kinds.put(name, ParamReader.Kind.STRING));
    ParamReader params = ParamReader.of(args.params(), kinds);
    OptionalLong weight = params.number("weight");
    Domain domain = find(args.dom());
    domain.perform(
        "blkiotune",
        () -> {
          Impact impact = Impact.of(domain, args.flags());
          requireWeight(weight, impact.live());
          if (impact.live()) {
            hold(domain, weight, params);
          }
          edit(
              domain,
              impact,
              document -> {
                XmlElement tune = document.root().childOrNew("blkiotune");
                if (weight.isPresent()) {
                  tune.remove("weight");
                  if (weight.getAsLong() > 0) {
                    tune.add(0, new XmlElement("weight").text(Long.toString(weight.getAsLong())));
                  }
                }
                for (int i = 0; i < DEVICE_LIMITS.size(); i++) {
                  String text = params.text(DEVICE_LIMITS.get(i)).orElse("");
                  setDevices(tune, DEVICE_ELEMENTS.get(i), text);
                }
                if (tune.children().isEmpty()) {
                  document.root().remove("blkiotune");
                }
                DocumentOrder.arrange(document);
              });
        });
  }

  /** A definition may be for a kernel that knows version 1 only. */
  private static void requireWeight(OptionalLong weight, boolean live) throws LibvirtException {
    int least = live ? DiskLimits.LEAST_WEIGHT : 10;
    int most = live ? DiskLimits.MOST_WEIGHT : 1_000;
    if (weight.isPresent()
        && weight.getAsLong() != 0
        && (weight.getAsLong() < least || weight.getAsLong() > most)) {
      throw Refusal.badArgument("out of blkio weight range.");
    }
  }

  private static void hold(Domain domain, OptionalLong weight, ParamReader params)
      throws LibvirtException {
    DiskLimits limits = MachineGroup.of(domain.running().pid(), MachineGroup.Controller.IO).disks();
    if (weight.orElse(0) != 0) {
      limits.setWeight(weight.getAsLong());
    }
    for (int i = 0; i < DEVICE_LIMITS.size(); i++) {
      String text = params.text(DEVICE_LIMITS.get(i)).orElse("");
      for (Map.Entry<String, Long> one : devices(DEVICE_ELEMENTS.get(i), text).entrySet()) {
        limits.set(one.getKey(), DEVICE_ELEMENTS.get(i), one.getValue());
      }
    }
  }

  /** From {@code PATH,VALUE,PATH,VALUE}. */
  private static Map<String, Long> devices(String element, String text) throws LibvirtException {
    Map<String, Long> all = new LinkedHashMap<>();
    if (text.isEmpty()) {
      return all;
    }
    String[] parts = text.split(",");
    if (parts.length % 2 != 0) {
      throw Refusal.badArgument("unable to parse blkio device '" + element + "' '" + text + "'");
    }
    for (int i = 0; i < parts.length; i += 2) {
      try {
        all.put(parts[i], Long.parseUnsignedLong(parts[i + 1].strip()));
      } catch (NumberFormatException e) {
        throw Refusal.badArgument("invalid value '" + parts[i + 1] + "' for device " + parts[i]);
      }
    }
    return all;
  }

  private static void setDevices(XmlElement tune, String element, String text)
      throws LibvirtException {
    for (Map.Entry<String, Long> limit : devices(element, text).entrySet()) {
      String path = limit.getKey();
      long value = limit.getValue();
      XmlElement device =
          tune.children("device").stream()
              .filter(one -> path.equals(one.textAt("path")))
              .findFirst()
              .orElse(null);
      if (device == null) {
        device = tune.append("device");
        device.append("path").text(path);
      }
      device.remove(element);
      if (value > 0) {
        device.append(element).text(Long.toUnsignedString(value));
      }
      if (device.children().size() == 1) {
        XmlElement empty = device;
        tune.removeIf(one -> one == empty);
      }
    }
  }
}
