package org.wardian.daemon.host;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.wardian.daemon.Folders;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.capabilities.CapabilitiesDocument;
import org.wardian.definition.capabilities.CpuFeatures;
import org.wardian.definition.capabilities.CpuModels;
import org.wardian.definition.capabilities.Cpuid;
import org.wardian.definition.capabilities.DomainCapabilities;
import org.wardian.definition.capabilities.HostModel;
import org.wardian.definition.capabilities.HostProcessor;
import org.wardian.definition.capabilities.MachineAbilities;
import org.wardian.definition.capabilities.Processors;
import org.wardian.definition.capabilities.SystemInformation;
import org.wardian.definition.xml.XmlException;
import org.wardian.host.HostCpuid;
import org.wardian.libvirt.constants.ConnectBaselineCpuFlags;
import org.wardian.libvirt.constants.ConnectCompareCpuFlags;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectBaselineCpuArgs;
import org.wardian.libvirt.wire.remote.ConnectBaselineCpuRet;
import org.wardian.libvirt.wire.remote.ConnectBaselineHypervisorCpuArgs;
import org.wardian.libvirt.wire.remote.ConnectBaselineHypervisorCpuRet;
import org.wardian.libvirt.wire.remote.ConnectCompareCpuArgs;
import org.wardian.libvirt.wire.remote.ConnectCompareCpuRet;
import org.wardian.libvirt.wire.remote.ConnectCompareHypervisorCpuArgs;
import org.wardian.libvirt.wire.remote.ConnectCompareHypervisorCpuRet;
import org.wardian.libvirt.wire.remote.ConnectGetCapabilitiesRet;
import org.wardian.libvirt.wire.remote.ConnectGetCpuModelNamesArgs;
import org.wardian.libvirt.wire.remote.ConnectGetCpuModelNamesRet;
import org.wardian.libvirt.wire.remote.ConnectGetDomainCapabilitiesArgs;
import org.wardian.libvirt.wire.remote.ConnectGetDomainCapabilitiesRet;
import org.wardian.libvirt.wire.remote.ConnectGetSysinfoRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What the host is, which machines it can have, and how processors compare. */
final class CapabilityProcedures implements HandlerFamily {
  private static final Set<String> ARCHITECTURES = Set.of("x86_64", "i686");

  private final HostFiles files;
  private final Hypervisor hypervisor;
  private final HostProcessor processor;
  private final HostProcessor guests;
  private final UUID uuid;
  private final MachineAbilities abilities;

  CapabilityProcedures(HostFiles files, Hypervisor hypervisor, Folders folders) {
    this.files = files;
    this.hypervisor = hypervisor;
    processor = HostProcessor.of(hostCpuid());
    guests = hypervisor.kvm() ? processor : HostProcessor.of(hypervisor.own());
    uuid = uuid(folders);
    abilities =
        new MachineAbilities(
            hypervisor.emulator(),
            hypervisor.kvm(),
            processor,
            CpuFeatures.of(hypervisor.own()),
            hypervisor.firmware(),
            HostProcedures.MOST_PROCESSORS);
  }

  /** What {@code host-model} is for a guest on the host's processor, or on ours. */
  HostModel hostModel(boolean onHost) {
    return abilities.hostModel(onHost);
  }

  /** The host's; one that says nothing where the host is no x86-64. */
  private static Cpuid hostCpuid() {
    Optional<HostCpuid> host = HostCpuid.open();
    if (host.isEmpty()) {
      return (leaf, subleaf) -> Cpuid.Registers.NONE;
    }
    return (leaf, subleaf) -> {
      int highest = host.get().at(leaf & 0x8000_0000, 0)[0];
      if (Integer.compareUnsigned(leaf, highest) > 0) {
        return Cpuid.Registers.NONE;
      }
      int[] registers = host.get().at(leaf, subleaf);
      return new Cpuid.Registers(registers[0], registers[1], registers[2], registers[3]);
    };
  }

  /** The host's, by its firmware; else one that is always the same for its machine-id. */
  private UUID uuid(Folders folders) {
    Optional<String> firmware = HostFiles.text(files.sys().resolve("class/dmi/id/product_uuid"));
    if (firmware.isPresent()) {
      try {
        return UUID.fromString(firmware.get());
      } catch (IllegalArgumentException e) {
        // A firmware that writes something else there.
      }
    }
    String machine =
        HostFiles.text(Path.of("/etc/machine-id")).orElse(folders.configuration().toString());
    return UUID.nameUUIDFromBytes(machine.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.CONNECT_GET_CAPABILITIES,
        (call, none) ->
            new ConnectGetCapabilitiesRet(
                CapabilitiesDocument.write(
                    uuid,
                    processor,
                    new TopologyFiles(files).read(),
                    hypervisor.emulator(),
                    hypervisor.kvm())));
    table.on(RemoteProgram.CONNECT_GET_DOMAIN_CAPABILITIES, this::machines);
    table.on(RemoteProgram.CONNECT_GET_CPU_MODEL_NAMES, this::models);
    table.on(RemoteProgram.CONNECT_COMPARE_CPU, this::compare);
    table.on(RemoteProgram.CONNECT_BASELINE_CPU, this::baseline);
    table.on(RemoteProgram.CONNECT_COMPARE_HYPERVISOR_CPU, this::compareGuests);
    table.on(RemoteProgram.CONNECT_BASELINE_HYPERVISOR_CPU, this::baselineGuests);
    table.on(
        RemoteProgram.CONNECT_GET_SYSINFO,
        (call, none) -> {
          try {
            return new ConnectGetSysinfoRet(
                SystemInformation.write(files.sys().resolve("class/dmi/id")));
          } catch (XmlException e) {
            throw refusal(e);
          }
        });
  }

  private static LibvirtException refusal(XmlException e) {
    ErrorDomain domain =
        e.origin() == XmlException.OWN_ORIGIN ? ErrorDomain.CPU : ErrorDomain.of(e.origin());
    return new LibvirtException(ErrorNumber.of(e.kind().code()), domain, e.getMessage(), e);
  }

  private ConnectGetDomainCapabilitiesRet machines(Call call, ConnectGetDomainCapabilitiesArgs args)
      throws LibvirtException {
    try {
      return new ConnectGetDomainCapabilitiesRet(
          DomainCapabilities.write(
              abilities, args.emulatorbin(), args.arch(), args.machine(), args.virttype()));
    } catch (XmlException e) {
      throw refusal(e);
    }
  }

  private ConnectGetCpuModelNamesRet models(Call call, ConnectGetCpuModelNamesArgs args)
      throws LibvirtException {
    if (!ARCHITECTURES.contains(args.arch())) {
      throw Refusal.badArgument("cannot find architecture " + args.arch());
    }
    List<String> names = CpuModels.names();
    return new ConnectGetCpuModelNamesRet(
        args.needResults() != 0 ? names : List.of(), names.size());
  }

  private static int compare(HostProcessor with, String xml, int flags) throws LibvirtException {
    try {
      boolean failing = (flags & ConnectCompareCpuFlags.FAIL_INCOMPATIBLE) != 0;
      return Processors.compare(with, xml, failing).ordinal();
    } catch (XmlException e) {
      throw refusal(e);
    }
  }

  private static String baseline(List<String> documents, int flags) throws LibvirtException {
    try {
      return Processors.baseline(
          documents,
          (flags & ConnectBaselineCpuFlags.EXPAND_FEATURES) != 0,
          (flags & ConnectBaselineCpuFlags.MIGRATABLE) != 0);
    } catch (XmlException e) {
      throw refusal(e);
    }
  }

  private ConnectCompareCpuRet compare(Call call, ConnectCompareCpuArgs args)
      throws LibvirtException {
    return new ConnectCompareCpuRet(compare(processor, args.xml(), args.flags()));
  }

  private ConnectBaselineCpuRet baseline(Call call, ConnectBaselineCpuArgs args)
      throws LibvirtException {
    return new ConnectBaselineCpuRet(baseline(args.xmlCPUs(), args.flags()));
  }

  private ConnectCompareHypervisorCpuRet compareGuests(
      Call call, ConnectCompareHypervisorCpuArgs args) throws LibvirtException {
    return new ConnectCompareHypervisorCpuRet(
        compare(processorOf(args.virttype()), args.xmlCPU(), args.flags()));
  }

  private ConnectBaselineHypervisorCpuRet baselineGuests(
      Call call, ConnectBaselineHypervisorCpuArgs args) throws LibvirtException {
    processorOf(args.virttype());
    return new ConnectBaselineHypervisorCpuRet(baseline(args.xmlCPUs(), args.flags()));
  }

  /** What guests of a kind have at most. */
  private HostProcessor processorOf(String type) throws LibvirtException {
    if (type == null) {
      return guests;
    }
    return switch (type) {
      case "qemu" -> HostProcessor.of(hypervisor.own());
      case "kvm" -> {
        if (!hypervisor.kvm()) {
          throw Refusal.badArgument(
              "the accel 'kvm' is not supported by '" + hypervisor.emulator() + "' on this host");
        }
        yield processor;
      }
      default -> throw Refusal.badArgument("unknown virttype: " + type);
    };
  }
}
