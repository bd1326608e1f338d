/* vsock listen PORT, vsock connect CID PORT: what is read is sent, and its end is ended by half; what comes is written. */
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void copy(int from, int to) {
  char bytes[65536];
  ssize_t count;
  while ((count = read(from, bytes, sizeof bytes)) > 0) {
    for (ssize_t done = 0; done < count;) {
      ssize_t part = write(to, bytes + done, count - done);
      if (part < 0) {
        fail("write");
      }
      done += part;
    }
  }
  if (count < 0) {
    fail("read");
  }
}

int main(int count, char **words) {
  int one = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (one < 0) {
    fail("socket");
  }
  struct sockaddr_vm address = {.svm_family = AF_VSOCK};
  if (count == 3 && strcmp(words[1], "listen") == 0) {
    address.svm_cid = VMADDR_CID_ANY;
    address.svm_port = atoi(words[2]);
    if (bind(one, (void *)&address, sizeof address) < 0 || listen(one, 1) < 0) {
      fail("listen");
    }
    fprintf(stderr, "LISTENING\n");
    one = accept(one, NULL, NULL);
  } else if (count == 4) {
    address.svm_cid = atoi(words[2]);
    address.svm_port = atoi(words[3]);
    if (connect(one, (void *)&address, sizeof address) < 0) {
      fail("connect");
    }
  } else {
    return 2;
  }
  if (fork() == 0) {
    copy(STDIN_FILENO, one);
    shutdown(one, SHUT_WR);
    return 0;
  }
  copy(one, STDOUT_FILENO);
  wait(NULL);
  return 0;
}
