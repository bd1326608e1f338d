package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.wardian.boot.catalogue.CachedImage;
import org.wardian.boot.catalogue.CachedSystem;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.GuestCatalogue;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.catalogue.SystemCache;
import org.wardian.boot.catalogue.SystemDefinition;
import org.wardian.machine.platform.Translator;
import org.wardian.process.assembly.Accelerator;
import org.wardian.process.assembly.AcceleratorChoice;
import org.wardian.processor.kvm.KvmProbe;
import org.wardian.x86.CpuModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ward image pull}. */
@Command(
    name = "pull",
    mixinStandardHelpOptions = true,
    description = {
      "Fetches guests anew, also those that are there already: a newer kernel replaces the older"
          + " one once it is whole and verified. A system such as debian is made of its newest"
          + " packages, if the one that is there is not.",
      ""
    })
final class ImagePullVerb implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Option(
      names = "--mirror",
      paramLabel = "ADDRESS",
      description = "Where packages of a system come from, for this time.")
  private String mirror;

  @Parameters(
      paramLabel = "GUEST",
      description = "Guests by name, as 'ward image list' has them (default: ${DEFAULT-VALUE}).",
      defaultValue = GuestCatalogue.DEFAULT_GUEST)
  private List<String> guests;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    ArrayNode list = Json.array();
    try {
      for (String guest : guests) {
        if (SystemCache.find(guest).isEmpty()) {
          GuestCatalogue.find(guest); // a name that is wrong stops before anything is fetched
        }
      }
      ImageCache cache = ImageCache.open();
      for (String guest : guests) {
        Optional<SystemDefinition> system = SystemCache.find(guest);
        if (system.isPresent()) {
          pull(system.get(), list, out);
          continue;
        }
        CachedImage image = cache.pull(guest, Progress.onStandardError());
        if (json.asked()) {
          list.addObject()
              .put("name", guest)
              .put("kernelRelease", image.manifest().kernelRelease())
              .put("folder", image.folder().toString());
        } else {
          out.println(guest + ": Linux " + image.manifest().kernelRelease() + ", verified");
        }
      }
    } catch (CatalogueException e) {
      throw CatalogueFailure.of(e);
    }
    if (json.asked()) {
      Json.print(out, list);
    }
    out.flush();
    return ExitStatus.OK.code();
  }

  private void pull(SystemDefinition system, ArrayNode list, PrintWriter out)
      throws CatalogueException {
    Execution execution =
        Execution.of(
            AcceleratorChoice.of(Accelerator.AUTO, CpuModel.standard(), KvmProbe::probe),
            Translator.AUTO,
            CpuModel.standard());
    CachedSystem made =
        SystemCache.open(Optional.ofNullable(mirror))
            .pull(system, new BuildMachine(execution), Progress.onStandardError());
    if (json.asked()) {
      list.addObject()
          .put("name", system.name())
          .put("kernelRelease", made.manifest().kernelRelease())
          .put("packages", made.manifest().packageCount())
          .put("folder", made.folder().toString());
    } else {
      out.println(
          system.name()
              + ": "
              + made.manifest().packageCount()
              + " packages, verified, with Linux "
              + made.manifest().kernelRelease());
    }
  }
}
