package org.wardian.process.domain;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.wardian.boot.ImageBytes;
import org.wardian.boot.KernelImage;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.OperatingSystem;
import org.wardian.definition.domain.Processors;
import org.wardian.definition.domain.Tuning;
import org.wardian.machine.Firmware;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.platform.InterruptChips;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.HostMemory;
import org.wardian.process.assembly.Accelerator;
import org.wardian.process.assembly.AcceleratorChoice;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.AssemblyException.Reason;
import org.wardian.processor.kvm.KvmProbe;
import org.wardian.x86.CpuModel;

/** The board of a document: memory, processors, who executes, and what it starts. */
public final class BoardPlan {
  private static final long KIB = 1024;

  private BoardPlan() {}

  /**
   * The configuration of a machine.
   *
   * @param parts opened for the same document
   * @throws AssemblyException where the document asks for what there is not
   */
  public static MachineConfiguration configuration(DomainDocument document, MachineParts parts) {
    OperatingSystem os = document.os();
    CpuModel model = model(document);
    AcceleratorChoice choice =
        AcceleratorChoice.of(
            document.type().equals("kvm") ? Accelerator.KVM : Accelerator.SOFTWARE,
            model,
            KvmProbe::probe);
    long memory = document.memoryKib() * KIB / GuestMemory.PAGE * GuestMemory.PAGE;
    try {
      MachineConfiguration machine =
          new MachineConfiguration(
                  os.kernel().map(file -> read("kernel", file)).orElse(new byte[0]),
                  Path.of(os.kernel().orElse("firmware")),
                  os.initrd().map(file -> read("initrd", file)),
                  os.commandLine().orElse(""),
                  memory,
                  document.mostProcessors(),
                  model,
                  document.canSleep() ? Set.of("hotplug") : Set.of("hotplug", "no-s3"),
                  document.onReboot().equals("restart"))
              .on(choice.kind(), InterruptChips.SPLIT)
              .with(parts.devices())
              .withPresent(present(document))
              .with(hostMemory(document.tuning()));
      return os.kernel().isPresent() ? machine : machine.with(firmware(os, document, parts));
    } catch (IllegalArgumentException e) {
      throw new AssemblyException(Reason.REQUEST, e.getMessage(), e);
    }
  }

  /** As libvirt has it: pages may be merged unless the document forbids it. */
  private static HostMemory hostMemory(Tuning tuning) {
    if (tuning.isMemoryShared()) {
      return HostMemory.SHARED;
    }
    return tuning.isUnmerged() ? HostMemory.PRIVATE : HostMemory.MERGEABLE;
  }

  /** The processors at the start, as a set of bits; 0 where all are there, and stay. */
  private static long present(DomainDocument document) {
    int most = Math.min(document.mostProcessors(), MachineConfiguration.MOST_PROCESSORS);
    long present = 0;
    for (int number : document.presentProcessors()) {
      present |= number < most ? 1L << number : 0;
    }
    return new Processors(document).anyPluggable() ? present : 0;
  }

  /** A model of ours by its name; of processors that we have no name for, the one all have. */
  private static CpuModel model(DomainDocument document) {
    Optional<String> name = document.cpu().model().filter(CpuModel.names()::contains);
    if (name.isPresent()) {
      return CpuModel.named(name.get());
    }
    boolean all = document.cpu().mode().filter(mode -> !mode.equals("custom")).isPresent();
    return all && CpuModel.names().contains("x86-64-v3")
        ? CpuModel.named("x86-64-v3")
        : CpuModel.standard();
  }

  private static Firmware firmware(
      OperatingSystem os, DomainDocument document, MachineParts parts) {
    boolean display =
        parts.devices().stream()
            .anyMatch(org.wardian.machine.DeviceConfiguration.Display.class::isInstance);
    boolean serial = os.isBiosOnSerial() || !display;
    boolean flash =
        os.loaderType().filter("pflash"::equals).isPresent()
            || os.firmware().filter("efi"::equals).isPresent();
    if (!flash) {
      return parts.backends().firmware(os.loader().orElse("bios"), serial);
    }
    if (os.loader().isEmpty() || os.variables().isEmpty()) {
      return parts.backends().firmware("uefi", serial);
    }
    Path variables = Path.of(os.variables().get());
    copyTemplate(os, variables);
    return parts.backends().uefi(Path.of(os.loader().get()), variables);
  }

  private static void copyTemplate(OperatingSystem os, Path variables) {
    if (Files.exists(variables)) {
      return;
    }
    Path template =
        Path.of(
            os.variablesTemplate()
                .orElseGet(() -> os.loader().orElseThrow().replace("CODE", "VARS")));
    try {
      Files.copy(template, variables);
    } catch (IOException e) {
      throw new AssemblyException(
          Reason.STORAGE,
          "UEFI variables " + variables + " cannot be made from " + template + ": " + e,
          e);
    }
  }

  private static byte[] read(String what, String file) {
    Path path = Path.of(file);
    try {
      if (Files.size(path) > KernelImage.MAX_SIZE) {
        throw new IOException(
            "it is larger than the " + (KernelImage.MAX_SIZE >> 20) + " MiB that are taken");
      }
      return ImageBytes.read(path);
    } catch (NoSuchFileException e) {
      throw new AssemblyException(Reason.IMAGE, what + " " + path + ": no such file", e);
    } catch (AccessDeniedException e) {
      throw new AssemblyException(
          Reason.IMAGE, what + " " + path + ": no permission to read it", e);
    } catch (IOException e) {
      throw new AssemblyException(
          Reason.IMAGE, what + " " + path + " cannot be used: " + e.getMessage(), e);
    }
  }
}
