package org.wardian.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.wardian.boot.catalogue.CatalogueException;
import org.wardian.boot.catalogue.GuestCatalogue;
import org.wardian.boot.catalogue.ImageCache;
import org.wardian.boot.catalogue.SystemCache;
import org.wardian.boot.catalogue.SystemDefinition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ward image rm}. */
@Command(
    name = "rm",
    mixinStandardHelpOptions = true,
    description = {
      "Removes guests from this machine; 'ward run' or 'ward image pull' fetches them again. Disks"
          + " that --keep made of a system are of no use without it.",
      ""
    })
final class ImageRemoveVerb implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private JsonOption json;

  @Parameters(
      paramLabel = "GUEST",
      arity = "1..*",
      description = "Guests by name, as 'ward image list' has them.")
  private List<String> guests;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    ArrayNode list = Json.array();
    try {
      for (String guest : guests) {
        if (SystemCache.find(guest).isEmpty()) {
          GuestCatalogue.find(guest); // a name that is wrong stops before anything is removed
        }
      }
      ImageCache cache = ImageCache.open();
      for (String guest : guests) {
        Optional<SystemDefinition> system = SystemCache.find(guest);
        boolean removed =
            system.isPresent()
                ? SystemCache.open().remove(system.get(), Progress.onStandardError())
                : cache.remove(guest, Progress.onStandardError());
        if (json.asked()) {
          list.addObject().put("name", guest).put("removed", removed);
        } else {
          out.println(guest + (removed ? ": removed" : ": was not here"));
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
}
