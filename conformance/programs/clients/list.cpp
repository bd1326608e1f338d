// The usual first program: opens a connection, lists all domains, prints their names.
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
  virConnectPtr connection = virConnectOpen(argc > 1 ? argv[1] : "qemu:///system");
  if (connection == nullptr) {
    std::fprintf(stderr, "no connection: %s\n", virGetLastErrorMessage());
    return 1;
  }
  virDomainPtr *domains = nullptr;
  int count = virConnectListAllDomains(connection, &domains, 0);
  if (count < 0) {
    std::fprintf(stderr, "no list: %s\n", virGetLastErrorMessage());
    return 1;
  }
  for (int i = 0; i < count; i++) {
    std::printf("%s\n", virDomainGetName(domains[i]));
    virDomainFree(domains[i]);
  }
  std::free(domains);
  return virConnectClose(connection) < 0;
}
