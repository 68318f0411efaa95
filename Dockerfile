# The page in a container: docker build -t hesui . && docker run -p 7860:7860 hesui
# With an NVIDIA GPU: docker build --build-arg CUDA=1 -t hesui . && docker run --gpus all -p 7860:7860 hesui
FROM python:3.12-slim

ARG CUDA=0
ARG TORCH=2.13.0

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1

RUN useradd --create-home --uid 1000 user
WORKDIR /home/user/app

# First what changes seldom, so that a new version of the app rebuilds in seconds.
COPY requirements.txt constraints.txt ./
RUN if [ "$CUDA" = 1 ]; then pip install --constraint constraints.txt "torch===$TORCH"; \
    else pip install "torch==$TORCH+cpu" --index-url https://download.pytorch.org/whl/cpu; fi \
    && pip install --requirement requirements.txt --constraint constraints.txt

COPY pyproject.toml README.md LICENSE app.py ./
COPY hesui hesui
COPY data data
RUN mkdir /home/user/hesui && chown user /home/user/hesui

USER user
ENV HESUI_HOST=0.0.0.0 \
    HESUI_PORT=7860 \
    HESUI_HOME=/home/user/hesui \
    GRADIO_ANALYTICS_ENABLED=False
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/', timeout=4)"]
CMD ["python", "app.py"]
