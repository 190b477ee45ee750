FROM debian:bookworm-slim
RUN mkdir -p /play/dir/sub && echo 1 > /play/one && echo 2 > /play/dir/two && echo 3 > /play/dir/sub/three \
    && ln /play/one /play/twin && mkfifo /play/fifo && mknod /play/null c 1 3 && chmod 1777 /play/dir
RUN rm /play/one && rm -r /play/dir && mkdir /play/dir && echo new > /play/dir/new && rm -rf /opt
RUN rm -r /play/dir && echo file > /play/dir && rm /play/fifo && mkdir /play/fifo && ln -s nowhere /play/fifo/dangling
RUN chmod 0700 /srv && chown -h 9:9 /play/fifo/dangling && echo appended >> /etc/issue && rm /etc/debian_version
RUN mv /play/twin /play/moved && cp -a /bin/true /play/true && rm -rf /usr/share/zoneinfo /media && mkdir /media
RUN touch "/play/a name with  spaces" "/play/$(printf 'latin\344')" /play/çığ "/play/$(printf 'new\nline')"
RUN : nothing changes
